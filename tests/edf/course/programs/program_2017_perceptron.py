"""In the style of winter 2017: a perceptron with one hidden layer tells a ring from its middle."""

import numpy as np

import edf.course.winter2017 as edf

np.random.seed(1)
points = np.random.uniform(-1, 1, (240, 2))
labels = (np.sum(points**2, axis=1) > 0.5).astype(int)
batch, hidden, epochs = 40, 16, 60

edf.components = []
edf.params = []
inp, lab = edf.Value(), edf.Value()
W1, b1 = edf.Param(edf.xavier((2, hidden))), edf.Param(np.zeros(hidden))
W2, b2 = edf.Param(edf.xavier((hidden, 2))), edf.Param(np.zeros(2))
hid = edf.RELU(edf.Add(edf.VDot(inp, W1), b1))
prob = edf.SoftMax(edf.Add(edf.VDot(hid, W2), b2))
loss = edf.Mean(edf.LogLoss(edf.Aref(prob, lab)))
acc = edf.Accuracy(prob, lab)

errors = []
for _ in range(epochs):
    correct = 0.0
    perm = np.random.permutation(len(points))
    for i in range(0, len(points), batch):
        inp.set(points[perm[i : i + batch]])
        lab.set(labels[perm[i : i + batch]])
        edf.Forward()
        edf.Backward(loss)
        edf.Momentum(0.1, 0.9)
        correct += acc.value * batch
    errors.append(1 - correct / len(points))

report = edf.check(loss, id="perceptron")
