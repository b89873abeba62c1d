"""What beginners write, and users of other libraries: each message says what to write instead."""

import numpy as np
import pytest

import edf
from edf import Input, Node, Param, nn


class NoArrays(Node):
    def forward(self):
        return self.inputs[0].value


class NoCotangent(Node):
    def forward(self, x):
        return x * x

    def backward(self, x):
        return 2 * x


class NoReturn(Node):
    def forward(self, x):
        self.value = x * x


class AList(Node):
    def forward(self, x, y):
        return x * y

    def backward(self, grad, x, y):
        return [grad * y, grad * x]


class NoSuper(Node):
    def __init__(self, x):
        self.x = x

    def forward(self, x):
        return x


Named = type("Named", (Node,), {"forward": lambda self, x: x})  # whose name is not forward

MISTAKES = [
    # how things are called
    ("edf.SGD(loss.params, learning_rate=0.1)", "SGD takes no argument .* write lr=0.1"),
    ("edf.Adam(loss.params, beta1=0.9)", r"write betas=\(0.9, 0.999\)"),
    ("edf.SGD(loss.params, momentum=0.9)", r"another optimiser, Momentum\(params"),
    ("edf.SGD(loss.params, lr='0.1')", "the learning rate is a number, not '0.1'"),
    ("edf.SGD(loss.params, lr=None)", "is a number, not None"),
    ("edf.SGD(lr=0.1)", r"lacks params: write SGD\(params, lr=0.1\), where params are loss"),
    ("edf.Adam(loss.params, betas=0.9)", r"betas are two numbers, as \(0.9, 0.999\)"),
    ("edf.Dropout(x, 0.5)", r"lacks rng: write Dropout\(x, rate, rng\), where rng = np.random"),
    ("edf.Param(3, 2)", r"Param takes 1 argument, not 2: write Param\(value\)"),
    ("edf.Sum(x, 1, 2, 3)", r"not 4: write Sum\(x, axis=None, keepdims=False\)"),
    ("nn.Linear(3, 2)", r"Linear lacks rng: write Linear\(n_in, n_out, rng, bias=True, dtype=np"),
    ("nn.Linear(in_features=3, n_out=2, rng=rng)", "write n_in=3"),
    ("edf.xavier(3, 2)", r"a shape is a tuple, as in xavier\(\(3, 2\), rng\)"),
    ("edf.MaxPool2D(2).forward()", r"the number 2 where it takes an array: MaxPool2D\(x\)"),
    ("edf.Input('abc')", "holds numbers, not text"),
    ("edf.Param('xavier')", "a parameter holds numbers"),
    ("edf.clip_gradients(loss, 1.0)", "give loss.params"),
    ("edf.clip_gradients(loss.params, '1')", "max_norm is a number"),
    ("edf.save('p.npz', nn.Linear(3, 2, rng))", "not Linear: write loss.params"),
    ("edf.draw(x.value)", "a node of a graph is wanted, as the loss is, not ndarray"),
    ("edf.hessian(loss, W.value)", "x is a node, an input or a parameter"),
    ("edf.check_gradients(edf.ReLU)", "wants a node, as the loss is, not ReLU"),
    # the two walks
    ("loss.forward(x=1)", r"forward\(\) takes no argument 'x', but none: write x.value"),
    ("loss.forward(), loss.backward(wrt='W')", "wrt is a node or several, as loss.params, not 'W'"),
    ("loss.forward(), loss.backward(wrt=[x, 3])", "wrt is a node or several"),
    ("loss.forward(), loss.backward(wrt=x.value)", "wrt is a node or several"),
    ("loss.backward(retain_graph=True)", "takes no argument 'retain_graph', but cotangent="),
    ("loss.backward(1.0)", r"the operation alone, which takes \(grad, x, target\), not 1; for the"),
    ("x.forward(y=1)", "takes no argument 'y'"),
    ("Named(x).forward(y=1)", "takes no argument 'y'"),
    # names of other libraries
    ("edf.relu(x)", "write edf.ReLU"),
    ("edf.mse_loss", r"write SquaredError\(x, target\)"),
    ("edf.tensor([1.0])", r"Input\(array\)"),
    ("edf.Linear", "from edf.nn import Linear"),
    ("edf.no_grad", "nothing to switch off"),
    ("nn.Conv2d", "write Conv2D"),
    ("nn.CrossEntropyLoss", "CrossEntropy stands in edf"),
    ("nn.Module", "a model is a function of nodes"),
    ("nn.Linear(3, 2, rng).parameters()", "keeps W, b; loss.params are those of a whole"),
    ("nn.Linear(3, 2, rng).forward(x)", r"a layer is called, y = layer\(x\)"),
    ("nn.Sequential([edf.ReLU])", r"list is no layer.*write Sequential\(\*layers\)"),
    ("edf.SGD(loss.params).zero_grad()", "start from zero at every backward"),
    ("edf.SGD(loss.params).minimize(loss)", r"loss.backward\(\), optimizer.step\(\)"),
    ("loss.parameters()", "write loss.params, without parentheses"),
    ("loss.step()", "an optimiser takes the step"),
    ("loss.item()", r"write x.value.item\(\)"),
    ("x.cuda()", "write x.value"),
    ("x.mm(W)", "write x @ y"),
    # operations of one's own
    ("NoArrays(x)", r"takes no array: write `def forward\(self, x\)`"),
    ("run(NoCotangent(x))", r"takes \(x\), but gets the cotangent.*def backward\(self, grad, x"),
    ("NoReturn(x).forward()", "forward of NoReturn returned None: write `return`"),
    ("edf.Exp(NoReturn(x)).forward()", "forward of NoReturn returned None"),
    ("run(AList(x, x))", "returned a list: write a tuple"),
    ("NoSuper(x).forward()", r"NoSuper has no inputs: its __init__ calls super\(\).__init__\(x\)"),
]


def run(node):
    loss = edf.Sum(node)
    loss.forward()
    loss.backward()


@pytest.mark.parametrize(("written", "told"), MISTAKES, ids=[w for w, _ in MISTAKES])
def test_each_message_says_what_to_write(written, told):
    """Whatever its kind of error."""
    rng = np.random.default_rng(0)
    x, W = Input(np.ones((4, 3))), Param(np.ones((3, 2)))
    loss = edf.SquaredError(x @ W, np.ones((4, 2)))
    names = globals() | {"rng": rng, "x": x, "W": W, "loss": loss, "nn": nn}
    with pytest.raises((TypeError, ValueError, AttributeError), match=told):
        eval(written, names)


def test_an_error_within_a_class_is_left_as_it_is():
    """Only a call that does not fit is explained."""

    class Wrong(Node):
        def __init__(self, x):
            super().__init__(x)
            self.n = len(3)

        def forward(self, x):
            return x

    with pytest.raises(TypeError, match="object of type 'int' has no len"):
        Wrong(Input(1.0))
