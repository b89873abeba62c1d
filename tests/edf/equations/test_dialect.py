"""Every construct of the dialect on right and wrong equations, as a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edf.equations.latex.parser import parse
from edf.equations.latex.printer import to_latex
from handout.judge.typesetting import typesetting_difference

V, R, N = "verified", "refuted", "inconclusive"

# page, LaTeX, statuses, options of the check
CASES: list[tuple[Any, ...]] = [
    # ---------------------------------------------------------------- arithmetic and numbers
    ("scalars", r"w = x^2", V),
    ("scalars", r"w = x x", V),
    ("scalars", r"w = x \cdot x", V),
    ("scalars", r"w = x * x = x \times x", "verified verified"),
    ("scalars", r"w = \frac{x^3}{x}", V),
    ("scalars", r"w = x^3/x", V),
    ("scalars", r"w = \dfrac{x^3}{x} = \tfrac{x^{5}}{x^{3}}", "verified verified"),
    ("scalars", r"w + \frac12 = x^2 + 0.5", V),
    ("scalars", r"w - y = -y + x^{2}", V),
    ("scalars", r"w = -x^2", R),
    ("scalars", r"w = (-x)^2", V),
    ("scalars", r"2w = 3x^2", R),
    ("scalars", r"c x = 3x = x + 2 x", "verified verified"),
    ("scalars", r"\left(x + y\right)^2 = w + 2 x y + y^2", V),
    ("scalars", r"\bigl(x - y\bigr)\Bigl[x + y\Bigr] = w - y^2", V),
    ("scalars", r"\{x - y\} \cdot (x + y) = w - y^2", V),
    ("scalars", r"x^{2} y = y x^2.", V),
    ("scalars", r"\lvert x \rvert^2 = w = |x|^2", "verified verified"),
    ("scalars", r"\sqrt{w} = \lvert x \rvert", V),
    ("scalars", r"\sqrt{w} = x", R),
    ("scalars", r"p^{-1} = \frac{1}{p} = p^{-3/2} \sqrt{p}", "verified verified"),
    ("scalars", r"p^{1/2} p^{1/2} = p", V),
    ("scalars", r"\pi x = 3.14159 x", N),  # neither equal nor clearly different
    ("scalars", r"\pi x = 3.14 x", R),
    # ------------------------------------------------------------------ elementary functions
    ("scalars", r"e^{x + y} = e^x e^y = \exp(x) \exp(y)", "verified verified"),
    ("scalars", r"e^x = \mathrm{e}^x", V),
    ("scalars", r"e = \exp(1)", V),
    ("scalars", r"\log(p^2) = 2 \log p = 2 \ln p", "verified verified"),
    ("scalars", r"\log p^2 = 2 \log p", V),
    ("scalars", r"\log(p y^2) = \log p + \log y^2", V),
    ("scalars", r"\sin^2 x + \cos^2 x = 1", V),
    ("scalars", r"\sin^2(x) = (\sin x)^2", V),
    ("scalars", r"\tan x = \frac{\sin x}{\cos x}", V),
    ("scalars", r"\log^2 p = (\log p)^2 = 2 \log p", "verified refuted"),
    ("scalars", r"\sec x = \frac{1}{\cos x}", V),
    ("scalars", r"\csc(x) = \frac{1}{\sin x}", V),
    ("scalars", r"\cot x = \frac{1}{\tan x} = \tan x", "verified refuted"),
    ("scalars", r"\coth p = \frac{\cosh p}{\sinh p}", V),
    ("scalars", r"\operatorname{sech}(x) = \frac{1}{\cosh x}", V),
    ("scalars", r"\operatorname{arsinh}(\sinh(x)) = x", V),
    ("softmax", r"P = \operatorname{softmax}(x)", V),
    ("softmax", r"P = \operatorname{softmax}(2x)", R),
    ("scalars", r"\cosh^2 x - \sinh^2 x = 1", V),
    ("scalars", r"\tanh(x) = t = \tanh x", "verified verified"),
    ("scalars", r"\arctan(\tan(s)) = s", V),
    ("scalars", r"\arcsin(\sin(s)) = s", V),
    ("scalars", r"\arccos(\cos(s)) = s", V),
    ("scalars", r"s = \sigma(x) = \frac{1}{1 + e^{-x}}", "verified verified"),
    ("scalars", r"s = \operatorname{sigmoid}(x) = \mathrm{sigmoid}(x)", "verified verified"),
    ("scalars", r"\sigma(-x) = 1 - s", V),
    ("scalars", r"\operatorname{relu}(x) = \max(0, x) = \max\{x, 0\}", "verified verified"),
    ("scalars", r"\operatorname{sign}(x) \lvert x \rvert = x", V),
    ("scalars", r"\operatorname{softplus}(x) = \log(1 + e^x)", V),
    ("scalars", r"\min(x, y) + \max(x, y) = x + y", V),
    ("scalars", r"\log \sigma(x) = \log s", V),
    ("scalars", "w = x ^ 2 = x %\n^{2}", "verified verified"),
    ("scalars", r"2 e^x - 2 = 2(e^x - 1)", V),
    ("scalars", r"2 \frac{x}{2} = x = 2 \cdot \frac{1}{2} x", "verified verified"),
    ("scalars", r"2^s(c) = 3 \cdot 2^s", V),  # TeX raises one token only
    ("scalars", r"2^s(c) = 2^{3 s}", R),
    # ---------------------------------------------------------------------------------- names
    ("scalars", r"\theta + x = x + \theta", V),
    ("scalars", r"\hat{y} x = x \hat y", V),
    ("scalars", r"\ell = w + y", V),
    ("scalars", r"\mathbf{x}\mathbf{x} = w", V),
    ("scalars", r"\boldsymbol{\theta} = \boldsymbol{\theta} + w - w", V),
    ("scalars", r"x_1 + x = x + x_1", V, {"more": {"x1": 2.0}}),
    ("softmax", r"x_i + \xi = \xi + x_i", V, {"more": {"xi": 2.0}}),  # x_i is never xi
    ("vectors", r"B^{-1}_{ij} = \frac{1}{B_{ij}}", V),  # B has no inverse that could be meant
    ("vectors", r"(A^{-1})_{ij} = A_{ij}", R),
    ("vectors", r"x_{in} + x = x + x_{\text{in}}", V, {"more": {"x_in": np.ones(4)}}),
    ("vectors", r"a_k x = x a_k", V, {"more": {"a_k": 2.0}}),  # a is a number: no component
    ("vectors", r"\sum_i \delta_i x_i = \delta^\top x", V, {"more": {"delta": np.ones(4)}}),
    ("vectors", r"\sum_{ij} (\delta)_{ij} x_i x_j = x^\top \delta x", V, {"more": {"delta": np.eye(4)}}),
    ("vectors", r"(W_1)_{ij} = (W_1)_{ij} + 0", V),
    ("vectors", r"{W_1}_{ij} = 0", "error"),
    ("vectors", r"C x = C x + b - b", V),
    ("vectors", r"\sum_j C_{ij} x_j = (C x)_i", V),
    # -------------------------------------------------------------------------- first derivatives
    ("scalars", r"\frac{\partial w}{\partial x} = 2x", V),
    ("scalars", r"\frac{\partial w}{\partial x} = x", R),
    ("scalars", r"\frac{dw}{dx} = 2x", V),
    ("scalars", r"\frac{d w}{d x} = \frac{\mathrm{d} w}{\mathrm{d} x}", V),
    ("scalars", r"\frac{d}{dx} \left(x^3\right) = 3 x^2", V),
    ("scalars", r"\frac{\partial}{\partial x} (x^2 y) = 2 x y", V),
    ("scalars", r"\frac{d}{dx} \sigma(x) = s(1 - s)", V),
    ("scalars", r"\frac{d}{dx} x = 1", V),
    ("scalars", r"\frac{d}{dx} \log(p + x^2) = \frac{2x}{p + x^2}", V),
    ("scalars", r"\partial w / \partial x = 2x", V),
    ("scalars", r"\frac{\partial s}{\partial x} = s(1 - s) = \sigma'(x)", "verified verified"),
    ("scalars", r"\sigma'(x) = \sigma(x)(1 - \sigma(x))", V),
    ("scalars", r"\sigma''(x) = s(1 - s)(1 - 2s)", V),
    ("scalars", r"\phi'(x) = 3x^2", V),
    ("scalars", r"\phi''(x) = 6x", V),
    ("scalars", r"\phi'(x) = 3x", R),
    ("scalars", r"\frac{dq}{dx} = \psi'(x) = \frac{\partial \psi}{\partial x}", "verified verified"),
    ("scalars", r"\psi(x) = q", V),
    ("scalars", r"\psi(x + y) = q", R),
    ("scalars", r"\phi(x + y) = (x + y)^3", V),
    ("scalars", r"\frac{d t}{d x} = 1 - t^2", V),
    ("scalars", r"\frac{\partial y}{\partial x} = 0", N),  # 0 = 0 tests nothing
    ("scalars", r"\frac{\partial w}{\partial w} = 1", V),
    ("chain", r"\frac{\partial u}{\partial x} = \frac{\partial f}{\partial x}", V),
    ("chain", r"\frac{\partial l}{\partial y} = \frac{\partial l}{\partial u} \frac{\partial f}{\partial y}", V),
    ("chain", r"\frac{\partial l}{\partial y} = \frac{\partial f}{\partial y}", R),
    ("chain", r"\frac{\partial l}{\partial u} = L'(u)", V),
    ("chain", r"u = f(y, z)", V),
    ("chain", r"u = f(z, y)", R),
    ("chain", r"u = u(y, z) = u(x)", "verified verified"),
    ("chain", r"u = u(z, y)", R),
    ("chain", r"y(2x) = g(2x)", V),
    ("chain", r"\frac{d}{dx} (x y) = y + x g'(x)", V),
    ("chain", r"\frac{\partial}{\partial x} (y z) = z g'(x) + y h'(x)", V),
    ("chain", r"u(2x) = f(g(2x), h(2x))", V),
    ("chain", r"u(2x) = f(2y, 2z)", R),
    # a node with several arguments: what each stands for is replaced, never operands by place
    ("arguments", r"h(3, x) = 3x + 3", V),
    ("arguments", r"h(3, x) = 3 + x", R),
    ("arguments", r"h(w, x) = h = w(x + 1)", "verified verified"),
    ("arguments", r"h(w, 2x) = 2 w x + w", V),
    ("arguments", r"h(2w, 3x) = 6 w x + 2w", V),
    ("arguments", r"L(t, p(x)) = -t \log p - (1 - t) \log(1 - p)", V),
    ("arguments", r"L(t, p(x)) = t - p(x)", R),
    ("arguments", r"L(1, p) = -\log p", V),
    ("arguments", r"L(0, p) = -\log p", R),
    ("arguments", r"L(t, p(2x)) = -t \log p(2x) - (1 - t) \log(1 - p(2x))", V),
    ("arguments", r"\frac{J(\theta + \epsilon, x) - J(\theta - \epsilon, x)}{2\epsilon} = 2 \theta x", V),
    ("arguments", r"\frac{J(\theta + \epsilon, x) - J(\theta - \epsilon, x)}{2\epsilon} = x", R),
    ("arguments", r"\frac{J(\theta, x + \epsilon) - J(\theta, x - \epsilon)}{2\epsilon} = \theta^2", V),
    ("arguments", r"J(x, \theta) = J", V),  # in the order in which they are bound
    ("arguments", r"J(2, x) = 4x", V),
    ("arguments", r"d(3, x) = x - 3", R),
    ("arguments", r"d(3, x) = 3 - x", V),
    ("arguments", r"d(w, 3) = w - 3", V),
    ("arguments", r"d(x, w) = d", "error"),  # exchanged, or not?
    ("arguments", r"d(x, 3) = 3 - x", "error"),
    ("arguments", r"d(2x, w) = w - 2x", "error"),
    ("arguments", r"d(5, 3) + w = w + 2", V),
    ("arguments", r"L(3, 2, x) = x", "error"),
    ("arguments", r"h(x, x) = x", "error"),
    # f' of what acts on each entry is elementwise, and has the shape of its argument
    ("layers", r"\sigma'(Z) \odot A = S \odot (E - S) \odot A", V),
    ("layers", r"\sigma'(Z) A = S \odot (E - S) \odot A", R),
    ("layers", r"\sigma'(Z) A = (S \odot (E - S)) A", V),
    ("layers", r"\sigma''(z) = s \odot (\mathbf{1} - s) \odot (\mathbf{1} - 2s)", V),
    ("layers", r"\sigma'(z) = s \odot s", R),
    ("layers", r"\operatorname{relu}'(Z)_{ij} \operatorname{relu}(Z_{ij}) = \operatorname{relu}(Z)_{ij}", V),
    ("layers", r"\phi'(Z)_{ij} = 3 Z_{ij}^2", V),
    ("layers", r"\phi'(z) = 3 z \odot z", V),
    ("layers", r"\nabla_Z l = \nabla_S l \odot \sigma'(Z)", V),
    ("layers", r"\nabla_Z l = (\nabla_S l) \sigma'(Z)", R),
    ("layers", r"\psi'(z) = z", "error"),  # softmax: a Jacobian
    ("chain", r"x.\text{grad} = u.\text{grad} \frac{\partial u}{\partial x}", V, {"loss": "l"}),
    ("chain", r"x.\mathrm{grad} = y.\text{grad} g'(x) + z.\text{grad} h'(x)", V, {"loss": "l"}),
    ("chain", r"x.\text{grad} = y.\text{grad} g'(x)", R, {"loss": "l"}),
    # ------------------------------------------------------------------------- second derivatives
    ("scalars", r"\frac{\partial^2 w}{\partial x^2} = 2", V),
    ("scalars", r"\frac{d^2 w}{dx^2} = 2", V),
    ("scalars", r"\frac{d^2}{dx^2} (x^3) = 6x", V),
    ("scalars", r"\frac{d}{dx} \frac{d w}{d x} = 2", V),
    ("scalars", r"\frac{\partial}{\partial x} \left(\frac{\partial}{\partial y} (x^2 y^3)\right) = 6 x y^2", V),
    ("chain", r"\frac{\partial^2 l}{\partial y \partial z} = \frac{\partial^2 l}{\partial z \partial y}", V),
    ("chain", r"\frac{\partial^2 l}{\partial x \partial y} = \frac{\partial}{\partial x} \left( \frac{\partial l}{\partial y} \right)", V),
    ("chain", r"\frac{\partial^2 u}{\partial x^2} = \frac{\partial^2 g}{\partial x^2}", R),
    ("chain", r"\frac{d^2 y}{d x^2} = g''(x)", V),
    # ---------------------------------------------------------------------------- indices and sums
    ("softmax", r"P_i = \frac{e^{x_i}}{\sum_j e^{x_j}}", V),
    ("softmax", r"P_i = \frac{e^{x_i}}{\sum_{j=1}^{n} e^{x_j}}", V),
    ("softmax", r"P_i = \frac{e^{x_i}}{\sum_{j=1}^4 e^{x_j}}", V),
    ("softmax", r"\sum_{i=0}^3 P_i = \sum_{i=0}^{n-1} P_i + 0", V),
    ("softmax", r"\frac{\partial \log P_i}{\partial x_j} = \delta_{ij} - P_j", V),
    ("softmax", r"\frac{\partial \log \sum_k e^{x_k}}{\partial x_j} = P_j", V),
    ("scalars", r"\frac{d \psi(x)}{dx} = \psi'(x)", V),
    ("scalars", r"\frac{d \psi(2x)}{dx} = 2 \psi'(2x)", V),
    ("scalars", r"\frac{d \psi(2x)}{dx} = \psi'(2x)", R),
    ("softmax", r"P_i = \frac{e^{x_i}}{\sum_{k=0}^{K-1} e^{x_k}}", V),
    ("softmax", r"P(x)_i = P_i(x) = P_i", "verified verified"),
    ("softmax", r"\sum_i P_i = 1", V),
    ("softmax", r"\sum_{j \neq i} P_j = 1 - P_i", V),
    ("softmax", r"\sum_{j \ne i} P_j = 1", R),
    ("softmax", r"\sum_{j < i} P_j + \sum_{j \geq i} P_j = P_i + 1 - P_i", V),
    ("softmax", r"\sum_i \sum_{j < i} x_i x_j = \sum_i \sum_{j > i} x_i x_j", V),
    ("softmax", r"\sum_{i, j} x_i x_j = \left(\sum_i x_i\right)^2", V),
    ("softmax", r"\sum_{ij} P_i P_j = 1", V),
    ("softmax", r"\prod_i e^{x_i} = e^{\sum_i x_i}", V),
    ("softmax", r"\prod_{j \neq i} e^{x_j} = e^{\sum_j x_j - x_i}", V),
    ("softmax", r"\log \sum_j 2 e^{x_j} = \log 2 + \log \sum_j e^{x_j}", V),
    ("softmax", r"\log \sum_j e^{x_j} - 1 = -1 + \log \sum_j e^{x_j}", V),
    ("softmax", r"\sum_j x_j / 2 = \frac{\sum_j x_j}{2}", V),
    ("softmax", r"\prod_j x_j / P_j = \frac{\prod_j x_j}{\prod_j P_j}", V),
    ("softmax", r"\max_i x_i = -\min_i (-x_i)", V),
    ("softmax", r"\max_{j \neq i} P_j = \max_j P_j + 0 P_i", R),
    ("softmax", r"P_i(x + c) = P_i", "error"),
    ("softmax", r"P(x + 3 \cdot \mathbf{1})_i = P_i", V),
    ("softmax", r"P(2x)_i = \frac{e^{2 x_i}}{\sum_j e^{2 x_j}}", V),
    ("softmax", r"P(2x)_i = P_i", R),
    ("softmax", r"\frac{\partial P_i}{\partial x_j} = P_i(\delta_{ij} - P_j)", V),
    ("softmax", r"\frac{\partial P_i}{\partial x_j} = P_i(1 - P_j)", R),
    ("softmax", r"\frac{\partial P_i}{\partial x_i} = P_i(1 - P_i)", V),
    ("softmax", r"\frac{\partial P(x)_i}{\partial x_j} = P_i(\delta_{ij} - P_j)", V),
    ("softmax", r"\sum_j \frac{\partial P_j}{\partial x_i} = 0", V),
    ("softmax", r"\frac{\partial l}{\partial x_j} = \sum_i \frac{\partial l}{\partial P_i} \frac{\partial P_i}{\partial x_j}", V),
    ("softmax", r"\frac{\partial}{\partial x_i} \log \sum_j e^{x_j} = P_i", V),
    ("softmax", r"\frac{\partial}{\partial x_j} \left(\log P_i\right) = \delta_{ij} - P_j", V),
    ("softmax", r"\frac{\partial x_i}{\partial x_j} = \delta_{ij}", V),
    ("softmax", r"\frac{\partial^2 P_i}{\partial x_i^2} = P_i(1 - P_i)(1 - 2 P_i)", V),
    ("softmax", r"\frac{\partial P_i}{\partial x_j} = \begin{cases} P_i(1 - P_i) & \text{if } i = j \\ -P_i P_j & \text{otherwise} \end{cases}", V),
    ("softmax", r"\frac{\partial P_i}{\partial x_j} = \begin{cases} P_i(1 - P_i) & i = j, \\ -P_i P_j & i \neq j. \end{cases}", V),
    ("softmax", r"\lvert x_i \rvert = \begin{cases} x_i & \text{if } x_i > 0 \\ -x_i & \text{otherwise} \end{cases}", V),
    ("softmax", r"x_i x_j = x_j x_i", V),
    ("softmax", r"x_1 + x_4 = x_4 + x_1", V, {"reading": "base 1"}),
    ("softmax", r"\log P_0 - \log P_3 = x_0 - x_3", V, {"reading": "base 0"}),
    ("softmax", r"\frac{\partial P_1}{\partial x_2} = -P_1 P_2", V, {"reading": "base 1"}),
    # ------------------------------------------------------------------- the componentwise reading
    ("softmax", r"P = \frac{e^x}{\sum_j e^{x_j}}", V, {"reading": "componentwise i"}),
    ("softmax", r"\frac{\partial P}{\partial x} = P(x)(1 - P(x))", V, {"reading": "componentwise i"}),
    ("softmax", r"\frac{\partial l}{\partial x} = \frac{\partial l}{\partial P} P(x)(1 - P(x))", R, {"reading": "componentwise i"}),
    ("softmax", r"P(2x) = \frac{e^{2x}}{\sum_j e^{2 x_j}}", V, {"reading": "componentwise i"}),
    ("vectors", r"\frac{\partial \ell}{\partial W} = \frac{\partial \ell}{\partial W} + B - B", V, {"reading": "componentwise i j"}),
    # -------------------------------------------------------------------------- vectors and matrices
    ("vectors", r"z = W x + b", V),
    ("vectors", r"z = b + W x - 0 \cdot b", V),
    ("vectors", r"z = W x", R),
    ("vectors", r"z_i = \sum_j W_{ij} x_j + b_i", V),
    ("vectors", r"z_i = (W x + b)_i", V),
    ("vectors", r"h = \sigma(W x + b) = \sigma(z)", "verified verified"),
    ("vectors", r"x^\top y = y^\top x = \sum_i x_i y_i = x^T y = x^\intercal y", "verified verified verified verified"),
    ("vectors", r"(x y^\top)_{ij} = x_i y_j", V),
    ("vectors", r"q = x^\top A x", V),
    ("vectors", r"q = x^\top A^\top x", V),
    ("vectors", r"q = x^\top A A x", R),
    ("vectors", r"\lVert x \rVert = r = \|x\| = \lVert x \rVert_2", "verified verified verified"),
    ("vectors", r"\lVert x \rVert^2 = x^\top x", V),
    ("vectors", r"\lVert x \rVert_1 = \sum_i \lvert x_i \rvert", V),
    ("vectors", r"\lVert x \rVert_\infty = \max_i \lvert x_i \rvert", V),
    ("vectors", r"\lVert A \rVert_F^2 = \operatorname{tr}(A^\top A) = \sum_{ij} A_{ij}^2", "verified verified"),
    ("vectors", r"\mathbf{1}^\top x = \sum_i x_i", V),
    ("vectors", r"x - \mathbf{1} = -(\mathbf{1} - x)", V),
    ("vectors", r"I x = x + 0 x", V),
    ("vectors", r"\operatorname{diag}(x) y = x \odot y", V),
    ("vectors", r"\operatorname{tr}(x y^\top) = x^\top y", V),
    ("vectors", r"A A^{-1} = I", V),
    ("vectors", r"A^{-\top} A^\top = I", V),
    ("vectors", r"\det(A^\top) = \det A", V),
    ("vectors", r"a x = x a", V),
    ("vectors", r"\frac{x}{a} a = x", V),
    ("vectors", r"(x \odot y)^\top \mathbf{1} = x^\top y", V),
    ("vectors", r"\nabla_x \ell = W^\top \nabla_z \ell", V),
    ("vectors", r"\nabla_x \ell = W^\top (\nabla_z \ell)", V),
    ("vectors", r"\nabla_W \ell = (\nabla_z \ell) x^\top", V),
    ("vectors", r"\nabla_W \ell = (\nabla_b \ell) x^\top", V),
    ("vectors", r"\nabla_x q = (A + A^\top) x", V),
    ("vectors", r"\nabla_x q = 2 A x", R),
    ("vectors", r"\nabla_x^2 q = A + A^\top", V),
    ("vectors", r"\nabla_x (x^\top y) = y", V),
    ("vectors", r"\nabla_A q = x x^\top", V),
    ("vectors", r"\frac{\partial z}{\partial x} = W", V),
    ("vectors", r"\frac{\partial h}{\partial z} = \operatorname{diag}(h) - h h^\top", R),
    ("vectors", r"\frac{\partial h}{\partial z} = \operatorname{diag}(h \odot (\mathbf{1} - h))", V),
    ("vectors", r"\frac{\partial h}{\partial x} = \frac{\partial h}{\partial z} \frac{\partial z}{\partial x}", V),
    ("vectors", r"\frac{\partial q}{\partial x^\top} = x^\top (A + A^\top)", V),
    ("vectors", r"\frac{\partial^2 q}{\partial x \partial x^\top} = A + A^\top", V),
    ("vectors", r"\mathbf{J}_z(x) = W", V),
    ("vectors", r"\mathbf{J}_h(x) = \mathbf{J}_h(z) W", V),
    ("vectors", r"J_m(x) = \frac{\partial F}{\partial x}", V),
    ("vectors", r"x.\text{grad} = W^\top z.\text{grad}", V, {"loss": "ell"}),
    ("vectors", r"x_j.\text{grad} = \sum_i W_{ij} z.\text{grad}_i", V, {"loss": "ell"}),
    ("vectors", r"\frac{\partial \ell}{\partial W_{ij}} = \frac{\partial \ell}{\partial z_i} x_j", V),
    ("vectors", r"\frac{\partial z_i}{\partial W_{jk}} = \delta_{ij} x_k", V),
    ("vectors", r"F(x) = m", V),
    ("vectors", r"F(x)_i = m_i", V),
    ("vectors", r"F(2x) = 2m", R),
    # ---------------------------------------------------------------------------- rows and chains
    ("scalars", r"\begin{aligned} w &= x^2 \\ s &= \sigma(x) \end{aligned}", "verified verified"),
    ("scalars", r"\begin{aligned} w &= x^2 \\ &= x \cdot x \\ &= x \end{aligned}", "verified verified refuted"),
    ("scalars", r"\begin{align*} w &= x^2, \\ s &= \sigma(x). \end{align*}", "verified verified"),
    ("scalars", r"\begin{aligned} (x + y)^2 \\ &= w + 2xy + y^2 \end{aligned}", V),
    ("scalars", "w = x^2 % as it was bound", V),
    ("scalars", r"w \, = \; x^2 \quad", V),
]  # fmt: skip


def case_id(case: tuple[Any, ...]) -> str:
    return f"{case[0]}: {case[1][:60]}"


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_status(case: tuple[Any, ...], check: Any) -> None:
    """Each step has the status that the mathematics gives it."""
    page, latex, statuses, *more = case
    options = more[0] if more else {}
    if "error" in statuses:
        with pytest.raises(ValueError, match=r"\^$"):
            check(page, latex, points=4, **options)
        return
    found = [verdict.status for verdict in check(page, latex, points=5, **options)]
    assert found == statuses.split()


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_print_and_parse(case: tuple[Any, ...]) -> None:
    """The tree printed back to LaTeX is read as the same tree."""
    if "error" in case[2]:
        return
    tree = parse(case[1])
    assert parse(to_latex(tree)) == tree


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_read_as_typeset(case: tuple[Any, ...]) -> None:
    """What was read, printed back, is set as the source is."""
    if "error" not in case[2]:
        assert typesetting_difference(case[1], to_latex(parse(case[1]))) is None
