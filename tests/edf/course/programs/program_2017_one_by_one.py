"""In the style of problem set 1, winter 2017: one example at a time, and minus the logarithm."""

import numpy as np

import edf.course.winter2017 as edf

np.random.seed(0)
points = np.random.normal(0, 1, (60, 2))
labels = (points @ [2.0, -1.0] > 0).astype(int)

edf.components, edf.params = [], []
inp, lab = edf.Value(), edf.Value()
W, b = edf.Param(edf.xavier((2, 2))), edf.Param(np.zeros(2))
prob = edf.SoftMax(edf.Add(edf.VDot(inp, W), b))
loss = edf.Mul(edf.Log(edf.Aref(prob, lab)), edf.Value(-1.0))

losses = []
for _ in range(10):
    total = 0.0
    for x, y in zip(points, labels, strict=True):
        inp.set(x)
        lab.set(y)
        edf.Forward()
        edf.Backward(loss)
        edf.SGD(0.3)
        total += float(loss.value)
    losses.append(total / len(points))

report = edf.check(loss, id="one-by-one")
