"""What has arguments: functions, and nodes of the graph."""
