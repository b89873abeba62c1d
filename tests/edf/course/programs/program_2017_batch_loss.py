"""In the style of problem set 2, winter 2017: the loss is one number for each row of the batch."""

import numpy as np

import edf.course.winter2017_ps2 as edf

np.random.seed(3)
points = np.random.uniform(-1, 1, (300, 2))
labels = (points[:, 0] * points[:, 1] > 0).astype(int)
batch, hidden, eta = 50, 20, 2.0

edf.components, edf.params = [], []
inp, lab = edf.Value(), edf.Value()
W1, b1 = edf.Param(edf.xavier((2, hidden))), edf.Param(np.zeros(hidden))
W2, b2 = edf.Param(edf.xavier((hidden, 2))), edf.Param(np.zeros(2))
hid = edf.Tanh(edf.Add(edf.VDot(inp, W1), b1))
prob = edf.SoftMax(edf.Add(edf.VDot(hid, W2), b2))
loss = edf.LogLoss(edf.Aref(prob, lab))
acc = edf.Accuracy(prob, lab)

losses, hits = [], []
for _ in range(150):
    perm = np.random.permutation(len(points))
    total = correct = 0.0
    for i in range(0, len(points), batch):
        inp.set(points[perm[i : i + batch]])
        lab.set(labels[perm[i : i + batch]])
        edf.Forward()
        edf.Backward(loss)
        edf.SGD(eta)
        total += loss.value.sum()
        correct += acc.value * batch
    losses.append(total / len(points))
    hits.append(correct / len(points))

report = edf.check(loss, id="batch-loss")
