"""In the style of problem set 3, winter 2017: horizontal and vertical bars in small images."""

import numpy as np

import edf.course.winter2017 as edf

np.random.seed(5)
images, labels = np.random.normal(0, 0.2, (120, 6, 6, 1)), np.arange(120) % 2
for image, label in zip(images, labels, strict=True):
    k = np.random.randint(6)
    if label:
        image[k, :] += 1
    else:
        image[:, k] += 1

edf.components, edf.params = [], []
inp, lab = edf.Value(), edf.Value()
K = edf.Param(edf.xavier((3, 3, 1, 4)))
W, b = edf.Param(edf.xavier((36, 2))), edf.Param(np.zeros(2))
maps = edf.MaxPool(edf.RELU(edf.Conv(inp, K, pad=1)), 2)
scores = edf.Add(edf.VDot(edf.Reshape(maps, (-1, 36)), W), b)
loss = edf.Mean(edf.LogLoss(edf.Aref(edf.SoftMax(scores), lab)))
acc = edf.Accuracy(scores, lab)

losses, hits = [], []
for _ in range(30):
    for i in range(0, len(images), 20):
        inp.set(images[i : i + 20])
        lab.set(labels[i : i + 20])
        edf.Forward()
        edf.Backward(loss)
        edf.Adam(0.02)
    losses.append(float(loss.value))
    hits.append(float(acc.value))

report = edf.check(loss, id="images")
