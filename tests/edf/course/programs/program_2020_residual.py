"""In the style of autumn 2020: a residual network of the student's own nodes fits a curve."""

import numpy as np

import edf.course.autumn2020 as edf


class ReLU(edf.CompNode):
    def __init__(self, x):
        edf.CompNodes.append(self)
        self.x = x

    def forward(self):
        self.value = np.maximum(self.x.value, 0)

    def backward(self):
        self.x.addgrad(self.grad * (self.value > 0))


class Plus(edf.CompNode):
    def __init__(self, x, y):
        edf.CompNodes.append(self)
        self.x = x
        self.y = y

    def forward(self):
        self.value = self.x.value + self.y.value

    def backward(self):
        self.x.grad += self.grad
        self.y.grad += self.grad


class SquaredError(edf.CompNode):
    def __init__(self, x, y):
        edf.CompNodes.append(self)
        self.x = x
        self.y = y

    def forward(self):
        self.value = np.sum((self.x.value - self.y.value) ** 2, axis=1)

    def backward(self):
        self.x.addgrad(2 * (self.x.value - self.y.value) * self.grad[:, np.newaxis])


class Scale(edf.CompNode):
    """One factor per column: the parameter's gradient comes with the batch axis in front."""

    def __init__(self, parameter, x):
        edf.CompNodes.append(self)
        self.parameter = parameter
        self.x = x

    def forward(self):
        self.value = self.parameter.value * self.x.value

    def backward(self):
        self.parameter.addgrad(self.grad * self.x.value)
        self.x.addgrad(self.grad * self.parameter.value)


class Params(edf.ParameterPackage):
    def __init__(self, width, blocks):
        self.first = edf.AffineParams(1, width)
        self.blocks = [edf.AffineParams(width, width) for _ in range(blocks)]
        self.last = edf.AffineParams(width, 1)
        self.scale = edf.Parameter(np.ones(1))


np.random.seed(4)
edf.clear_compgraph()
x, y = edf.Input(), edf.Input()
Phi = Params(width=16, blocks=2)
h = ReLU(edf.Affine(Phi.first, x))
for block in Phi.blocks:
    h = Plus(h, ReLU(edf.Affine(block, h)))
out = Scale(Phi.scale, edf.Affine(Phi.last, h))
loss = SquaredError(out, y)
edf.learning_rate = 0.01

losses = []
for _ in range(600):
    x.value = np.random.uniform(-2, 2, (32, 1))
    y.value = np.sin(2 * x.value)
    edf.Forward()
    edf.Backward(loss)
    edf.SGD()
    losses.append(np.mean(loss.value))

report = edf.check(loss, id="residual")
