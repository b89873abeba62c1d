"""In the style of autumn 2020: a sigmoid network learns the exclusive or of two signs."""

import numpy as np

import edf.course.autumn2020 as edf


class MLPparams(edf.ParameterPackage):
    def __init__(self, nInputs, nHiddens, nLabels):
        self.hidden = edf.AffineParams(nInputs, nHiddens)
        self.output = edf.AffineParams(nHiddens, nLabels)


def MLPsigmoidgraph(Phi, x):
    h = edf.Sigmoid(edf.Affine(Phi.hidden, x))
    return edf.Softmax(edf.Affine(Phi.output, h))


np.random.seed(3)
data = np.random.uniform(-1, 1, (200, 2))
labels = ((data[:, 0] > 0) ^ (data[:, 1] > 0)).astype(int)
batch = 20

edf.clear_compgraph()
xnode = edf.Input()
ynode = edf.Input()
Phi = MLPparams(2, 12, 2)
probnode = MLPsigmoidgraph(Phi, xnode)
lossnode = edf.LogLoss(probnode, ynode)
edf.learning_rate = 3.0

losses, errors = [], []
for _ in range(80):
    perm = np.random.permutation(len(data))
    total = 0.0
    for i in range(0, len(data), batch):
        xnode.value = data[perm[i : i + batch]]
        ynode.value = labels[perm[i : i + batch]]
        edf.Forward()
        total += np.sum(lossnode.value)
        edf.Backward(lossnode)
        edf.SGD()
    losses.append(total / len(data))
xnode.value, ynode.value = data, labels
edf.Forward()
errors.append(np.mean(np.argmax(probnode.value, axis=1) != labels))

report = edf.check(lossnode, id="exclusive-or")
