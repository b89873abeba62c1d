"""Random variables, events and expectations."""
