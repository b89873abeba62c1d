"""In the style of winter 2017: a recurrent network learns to say what comes next, its graph built
anew for every batch; with a component of the student's own."""

import numpy as np

import edf.course.winter2017 as edf


class Square:
    """x * x, as a student writes it."""

    def __init__(self, x):
        edf.components.append(self)
        self.x = x
        self.grad = None if x.grad is None else edf.DT(0)

    def forward(self):
        self.value = self.x.value * self.x.value

    def backward(self):
        if self.x.grad is not None:
            self.x.grad += 2 * self.x.value * self.grad


np.random.seed(2)
symbols, dim, length, batch = 5, 12, 6, 10
edf.params = []
C2V = edf.Param(edf.xavier((symbols, dim)))
Wx, Wh = edf.Param(edf.xavier((2 * dim, dim))), edf.Param(np.zeros(dim))
V = edf.Param(edf.xavier((dim, symbols)), {"lr": 2.0})
decay = edf.Param(np.array(0.1))


def build(text):
    edf.components = []
    h = edf.Value(np.zeros((len(text), dim)))
    loss, last = None, None
    for t in range(text.shape[1] - 1):
        x = edf.Reshape(edf.Embed(edf.Value(text[:, t]), C2V), [-1, dim])
        h = edf.Tanh(edf.Add(edf.VDot(edf.ConCat(x, h), Wx), Wh))
        last = edf.SoftMax(edf.VDot(h, V))
        one = edf.LogLoss(edf.Aref(last, edf.Value(text[:, t + 1])))
        one = edf.Reshape(one, (len(text), 1))
        loss = one if loss is None else edf.ConCat(loss, one)
    mask = np.ones((len(text), text.shape[1] - 1))
    mask[:, 0] = 0  # what comes after the first symbol alone cannot be known
    mean = edf.MeanwithMask(loss, edf.Value(mask))
    return edf.Add(mean, edf.Mul(edf.Value(0.01), Square(decay))), last


def sample():
    """Counting up or counting down, from anywhere."""
    start = np.random.randint(symbols, size=(batch, 1))
    step = np.random.choice([1, -1], size=(batch, 1))
    return (start + step * np.arange(length)) % symbols


losses = []
for _ in range(150):
    text = sample()
    loss, last = build(text)
    guess = edf.ArgMax(last)
    edf.Forward()
    edf.Backward(loss)
    edf.GradClip(5.0)
    edf.Adam(0.02)
    losses.append(float(loss.value))

report = edf.check(loss, id="sequence")
