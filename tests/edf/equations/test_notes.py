"""What notes write, each construct on right and wrong equations, with pages that notes would have."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import edf
from edf.equations import EquationError, check_equation, declare, define
from edf.equations.latex.parser import parse
from edf.equations.latex.printer import to_latex
from handout.judge.typesetting import typesetting_difference

V, R, N, E = "verified", "refuted", "inconclusive", "error"

#: Pages: Python, declarations and definitions.
PAGES = {
    "names": {
        "let": r"\pi^*, m_{-1}, m_1, \theta^{\text{old}} \in \mathbb{R}, \quad v_{t-1} \in \mathbb{R}^n, \quad "
        r"W^{(1)} \in \mathbb{R}^{m \times n}, \quad w^{(2)} \in \mathbb{R}^m",
        "define": r"p_{-1} = m_1 + 2 \pi^*, \quad v_t = 3 v_{t-1}, \quad w^* = W^{(1)} v_{t-1}",
        "python": "def m_p_dot(t): return 20 * t",
    },
    "network": {
        "python": "x, W_1 = Input(shape=(3, 5)), Param(np.ones((5, 4)))\nW_2 = Param(np.ones((4, 2)))\n"
        "h = Sigmoid(x @ W_1)\ns = h @ W_2"
    },
    "bold": {"let": r"x, y \in \mathbb{R}^n, \quad A \in \mathbb{R}^{n \times n}"},
    "scores": {"python": "x = Input(shape=(4,)); P = Softmax(x); n = 4"},
    "programs": {  # names as programs have them
        "python": "x, yhat, xstar, h_tm1, z_l, theta_new = (Input(shape=(3,)) for _ in range(6))\n"
        "eps, lmbda, dW1, mse, learning_rate = (Input(shape=()) for _ in range(5))\n"
        "sigma2, tau_sq = Input(shape=(), sample='positive'), Input(shape=())\n"
        "sigma2_B, u_1 = Input(shape=(3,)), Input(shape=(3,))\n"
        "rho2, rho_sq, vhat, v_hat = (Input(shape=()) for _ in range(4))\n"
        "p = Exp(-Sum(x * x) / sigma2)\npi = np.array([1.0, 5.0, 10.0])\n"
        "def f(x): return x**2\ndef T(y): return np.stack([y, y * y, y**3])"
    },
    "batch": {
        "python": "X, W, b = Input(shape=(5, 4)), Input(shape=(4, 3)), Input(shape=(3,))\n"
        "Z = X @ W + b\nA = ReLU(Z)\nL = AnyFunction()(A)\n"
        "x, V, c = Input(shape=(4,)), Input(shape=(3, 4)), Input(shape=(3,))\n"
        "z = V @ x + c\na = Tanh(z)\nK = AnyFunction()(a)\nr = ReLU(z)\n"
        "D, y, w, m = Input(shape=(6, 3)), Input(shape=(6,)), Input(shape=(3,)), 6\n"
        "p, q = Sigmoid(y * (D @ w)), Softmax(D @ w)\nl = Sum(Log(p))\n"
        "s, t, g = Input(shape=()), Input(shape=()), AnyFunction()\nd = (g(s) - t) ** 2"
    },
    "descent": {
        "python": "w_t, u, v, h = Input(shape=(3,)), Input(shape=(3,)), Input(shape=(3,)), Input(shape=(2,))\n"
        "eta, G, f = 0.1, Input(shape=(3, 5)), AnyFunction()\nL = Sum(w_t**3)\n"
        "w_t_plus_1 = w_t - eta * 3 * w_t**2\nw_new = w_t_plus_1\n"
        "P, Q = Softmax(u), Softmax(v)\nKL = Sum(P * Log(P / Q))\nk = v @ G @ G.T @ v\n"
        "s2, x = 3.0, Input(shape=())\ny = Sum(Exp(u))"
    },
    "books": {
        "python": "v, a, K = Input(shape=(3,)), Input(shape=()), Input(shape=(3, 3))\n"
        "X, Y, W2 = Input(shape=(3, 4)), Input(shape=(4, 5)), Input(shape=(3, 3))\n"
        "Z, u, g_k = X @ Y, Solve(K, v), W2.T @ v\nw_km1 = Input(shape=(3,))\n"
        "w_k = w_km1 + a * g_k\ndef f(x): return x**2"
    },
    "losses": {
        "python": "n, x, y, w = 5, Input(shape=(5,)), Input(shape=(5,)), Input(shape=())\n"
        "J = Mean((w * x - y) ** 2)\nK = Mean((w * x - 2 * y) ** 2)\n"
        "z = Input(shape=())\nq = z**2"
    },
    "gradients": {
        "python": "g, a, x = AnyFunction(), Input(shape=(4,)), Input(shape=(4,))\n"
        "f = g(Sum(a * x))\nF = AnyFunction()\nA = Input(shape=(4, 4))\nh = F(A)"
    },
    "cases": {
        "let": r"X, Y \in \{0, 1\}, \quad u, w \in \mathbb{R}, \quad x \in \mathbb{R}^5",
        "python": "def phi(X, Y): return np.where((X == 1) & (Y == 1), 10.0, np.where((X == 0) & (Y == 0), 5.0, 1.0))\n"
        "def clip(u): return np.clip(u, -1, 1)\nm = np.array([1.0, 1, 1, 0, 0])",
    },
    "bounds": {
        "let": r"x, y \in \mathbb{R}^n, \quad P \in \Delta_n",
        "define": r"g = \max_i x_i y_i",
    },
    "rows": {
        "python": "m = 6\nx, X, y, w, b = (Input(shape=s) for s in [(6, 3), (6, 3), (6,), (3,), ()])\n"
        "h = Sigmoid(x @ w + b)\nc = h - Mean(h)\nJ = -Mean(y * Log(h) + (1 - y) * Log(1 - h))\n"
        "S = Input(shape=(3, 3))\nL = Sum((X @ w - y) ** 2) / m\nZ = x @ Input(shape=(3, 2))",
    },
    "levels": {
        "python": "u, c = Input(shape=(4, 5)), Input(shape=())\nDelta_t, dx = Input(shape=()), Input(shape=())\n"
        "def v(k): return c * k",
        "let": r"\Delta y, p \in \mathbb{R}",
        "define": r"q^{n+1}_i = u_i^n + c \frac{\Delta t}{\Delta x} u_i^n"
        if False
        else r"z = p \Delta y",
    },
    "points": {
        "python": "x, a, t, omega = Input(shape=()), Input(shape=()), Input(shape=()), Input(shape=())\n"
        "f, g = AnyFunction(), AnyFunction()\ny, z = x**3, Sin(omega * t)\nv = Input(shape=(3,))\n"
        "q = v @ v\nu = g(x)\nF = f(u)\nh = AnyFunction()",
    },
    "dots": {
        "let": r"x, y, \lambda \in \mathbb{R}^n, \quad a, w_0 \in \mathbb{R}",
        "define": r"A = \operatorname{diag}(\lambda), \quad s = \sum_i x_i y_i",
    },
    "integrals": {
        "python": "a, b, mu, x = Input(shape=()), Input(shape=()), Input(shape=()), Input(shape=())\n"
        "sigma, lam = Input(shape=(), sample='positive'), Input(shape=(), sample='positive')\n"
        "f = AnyFunction()\np = Exp(-((x - mu) ** 2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi))\n"
        "def cube(v): return v**3",
    },
    "random": {
        "let": r"X, Y : \Omega \to \mathbb{R}, \quad Z : \Omega' \to \mathbb{R}, \quad a, b, c \in \mathbb{R}, \quad p \in \Delta_n",
    },
    "data": {
        "python": "n = 6\nx, z, w = Input(shape=(n, 3)), Input(shape=(n,)), Param(np.array([0.5, -1.0, 0.3]))\n"
        "y, a = Input(shape=(n,), sample='positive'), Sigmoid(z)\nJ = -Mean(y * Log(a) + (1 - y) * Log(1 - a))\n"
        "u = x @ w\nK = Mean((u - y) ** 2) / 2",
    },
    "members": {
        "let": r"x \in \mathbb{R}, \quad x_i, y_i \in \mathbb{R}, \quad i = 1, \dots, n",
        "define": r"f = x \sum_i y_i - \sum_i x_i y_i, \quad adv\_f = 2 f",
    },
    "iterates": {
        "python": "f, x, x_k, e_k = AnyFunction(), Input(shape=(4,)), Input(shape=(4,)), Input(shape=())\n"
        "theta = Input(shape=(3,))\nell = AnyFunction()(theta)\nH = Hessian(ell, theta)\nA = Input(shape=(3, 3))\n"
        "g, s = AnyFunction(), Input(shape=())",
    },
    "layers": {
        "python": "z, y, A = Input(shape=(4,)), Input(shape=(4,)), Input(shape=(4, 3))\n"
        "h, s, P = Sigmoid(z), Tanh(A), Softmax(z)\nL = AnyFunction()(h)\nJ_ridge = Sum(z * z)\n"
        "f = AnyFunction(shape=(3,))\nb, epsilon = Input(shape=(4,), sample='positive'), 1e-3"
    },
    "one of the data": {
        "python": "f, y = Input(shape=(4,)), Input(shape=(4,), sample='positive')\n"
        "L = -Sum(y * Log(Sigmoid(f)) + (1 - y) * Log(1 - Sigmoid(f)))"
    },
    "counters": {
        "python": "y, n, K = [Input(shape=()), Input(shape=())], 6, 3\n"
        "for t in range(4):\n    y.append(0.5 * y[-1] + y[-2])\ny = Stack(y)\np = Softmax(Input(shape=(5, 3)))\nk = 3\n"
        "c, u = Input(shape=()), Input(shape=(4,))\nR, r = c + 0 * u, u @ u"
    },
    "labels of rows": {
        "python": "N, y = 5, np.array([0, 2, 1, 1, 0])\nx, w = Input(shape=(N, 4)), Input(shape=(3, 4))\n"
        "s = x @ w.T\nq = Softmax(s)\nL = Sum(ReLU(s - Reshape(s[np.arange(N), y], (N, 1)) + 1), axis=1) - 1\n"
        "l = -Mean(Log(q)[np.arange(N), y])"
    },
    "batches": {
        "python": "n = 6\nx, y = Input(shape=(n,)), np.array([1.0, 0, 1, 1, 0, 0])\np, x_in = Sigmoid(x), Input(shape=())\n"
        "J, s = -Mean(y * Log(p) + (1 - y) * Log(1 - p)), Sum(x) + x_in\nx_bar = Mean(x)\n"
        "v = Sum((x - x_bar) ** 2) / (n - 1)\nX, W, b, c = (Input(shape=s_) for s_ in [(5, 4), (4, 3), (3,), (5,)])\n"
        "O, A, B, h = X @ W + b, Input(shape=(3, 3)), Input(shape=(3, 3)), Input(shape=(3,))"
    },
    "rectangles": {
        "python": "m, n, T = 3, 4, 5\nA, x, q = Input(shape=(m, n)), Input(shape=(n,)), Input(shape=())\n"
        "D, y = A, Input(shape=(T + 1,))\nh_0 = Sum(y * q ** -np.arange(T + 1.0))"
    },
    "functions": {
        "python": "w = Input(shape=(3,))\nx, y, r = Input(shape=(3,)), Input(shape=(3,)), Input(shape=())\n"
        "def f(x): return Sigmoid(Sum(w * x))\ndef soft(r): return Log(1 + Exp(r))\n"
        "g_bar = 1 - r\nq = g_bar * (1 - r)",
    },
}

# page, LaTeX, statuses, options of the check
CASES: list[tuple[Any, ...]] = [
    # ---------------------------------------------------------------------- matrices of books
    ("books", r"\lVert \mathbf{v} \rVert_\infty = \underset{n}{\text{max}} \left| v_n \right| = \underset{n}{\min} | v_n |", "verified refuted"),
    ("books", r"\underset{h \to 0}{\lim} \frac{f(a + h) - f(a)}{h} = 2 a = a", "verified refuted"),
    ("books", r"\mathbf{XY} = \mathbf{Z} = 2 \mathbf{XY}", "verified refuted"),
    ("books", r"\mathbf{XQ} = \mathbf{Z}", E),
    ("books", r"\begin{bmatrix} 1 & \mathbf{v}^\top \\ \mathbf{v} & \mathbf{K} \end{bmatrix} = \begin{bmatrix} 1 & \mathbf{0} \\ \mathbf{v} & \mathbf{I} \end{bmatrix} \begin{bmatrix} 1 & \mathbf{v}^\top \\ \mathbf{0} & \mathbf{K} - \mathbf{v} \mathbf{v}^\top \end{bmatrix}", V),
    ("books", r"\begin{bmatrix} 1 & \mathbf{v}^\top \\ \mathbf{v} & \mathbf{K} \end{bmatrix} = \begin{bmatrix} 1 & \mathbf{0} \\ \mathbf{v} & \mathbf{I} \end{bmatrix} \begin{bmatrix} 1 & \mathbf{v}^\top \\ \mathbf{0} & \mathbf{K} + \mathbf{v} \mathbf{v}^\top \end{bmatrix}", R),
    ("books", r"\mathbf{K} \mathbf{u} - \mathbf{v} = \mathbf{0}", V),
    ("books", r"\mathbf{K} \mathbf{u} + \mathbf{v} = \mathbf{0}", R),
    ("books", r"\textbf{u} = (\textbf{K} + 0 \textbf{I})^{-1} \textbf{v} = (\textbf{K} + \textbf{I})^{-1} \textbf{v}", "verified refuted"),
    ("books", r"w^{\,k} = w^{\,k-1} + a g^{\,k} = w^{k-1} - a g^k", "verified refuted"),
    ("books", r"g^k = {W^{[2]}}^{T} v = 2 {W^{[2]}}^{T} v", "verified refuted"),
    ("books", r"{a^2}^2 = a^4", E),
    ("books", r"2 v = v + \textbf{v} = v + v \, \textbf{v}", E),
    ("books", r"a \textbf{v}^\top \textbf{v} = \textbf{v}^\top a \textbf{v}", V),
    # ------------------------------------------------------------------- descent, step by step
    ("descent", r"w_{t+1} = w_t - \eta \nabla_w L(w_t) = w_t - \eta \nabla L(w_t)", "verified verified"),
    ("descent", r"w_{t+1} = w_t - \eta \frac{\partial L(w_t)}{\partial w}", V),
    ("descent", r"w_{t+1} = w_t + \eta \nabla_w L(w_t)", R),
    ("descent", r"w^{(t+1)} = w^{(t)} - \eta \nabla_w L(w^{(t)})", V),
    ("descent", r"w^{new} = w_t - \eta \frac{\partial L}{\partial w_t} = w_t - \frac{\partial L(w_t)}{\partial w}", "verified refuted"),
    ("descent", r"\nabla f(u) \cdot v = v^\top \nabla f(u) = 2 \nabla f(u) \cdot v", "verified refuted"),
    ("descent", r"\nabla L \cdot \nabla L = \lVert \nabla L \rVert^2", V),
    ("descent", r"\nabla f(u) \cdot f(v) = 2", E),
    ("descent", r"\nabla^2 L(w_t) = 6 \operatorname{diag}(w_t) = 3 \operatorname{diag}(w_t)", "verified refuted"),
    ("descent", r"\nabla^2 k(v) = 2 G G^\top", V),
    ("descent", r"G [u, h] = u", R),  # stacked, they are as many as G has columns
    ("descent", r"G^\top u = [u, h]", R),
    ("descent", r"[u, h]^\top [v, h] = u^\top v + h^\top h = u^\top v", "verified refuted"),
    ("descent", r"[u, v] = u", E),  # side by side, or stacked?
    ("descent", r"KL = \sum_i P_i log\frac{P_i}{Q_i} = \sum_i P_i log\frac{Q_i}{P_i}", "verified refuted"),
    ("descent", r"KL = \sum_i P_i\ log\ P_i - \sum_i P_i log Q_i", V),
    ("descent", r"KL = \sum_i log \frac{P_i}{Q_i} P_i", E),
    ("descent", r"y = \sum_i \mid exp(u_i) \mid = \sum_i \mid u_i \mid", "verified refuted"),
    ("descent", r"\parallel u - v \parallel^2 = \parallel u \parallel^2 - 2 u^\top v + \parallel v \parallel_2^2", V),
    ("descent", r"\parallel u - v \parallel^2 = \parallel u \parallel^2 + \parallel v \parallel_2^2", R),
    ("descent", r"\sum_i \parallel u \parallel = 3 \parallel u \parallel", E),
    ("descent", r"x = x \text{ or } y = y", E),
    # ------------------------------------------------------------ names as programs have them
    ("programs", r"\hat{y} = \hat{\mathbf{y}} + 0 x = 2 \hat{y}", E),
    ("programs", r"\hat{y} - x = -(x - \hat{y}) = x", "verified refuted"),
    ("programs", r"x^* + h_{t-1} = h_{t-1} + x^*", V),
    ("programs", r"z^l + z^{l} = 2 z^l = 3 z^l", "verified refuted"),
    ("programs", r"z^l = z", E),
    ("programs", r"x + \theta^{new} = \theta^{new} + x", V),
    ("programs", r"\epsilon \lambda = \lambda \epsilon = \lambda", "verified refuted"),
    ("programs", r"\epsilon + \text{MSE} = \text{MSE} + \epsilon", V),
    ("programs", r"\text{learning\_rate} \cdot \epsilon = \epsilon \cdot \text{learning rate}", E),  # two spellings
    ("programs", r"\text{learning\_rate} \cdot \epsilon + dW^{[1]} = dW^{[1]} + \epsilon \cdot \text{learning\_rate}", V),
    ("programs", r"\text{learning rate} = \text{learning rate} + 0 \epsilon = 2 \epsilon", "verified refuted"),
    ("programs", r"\epsilon \lambda = \lambda \epsilon \, \text{mse}", E),  # a factor, not a remark
    ("programs", r"\epsilon \lambda = \lambda \epsilon \quad \text{mse}", V),
    ("programs", r"p = e^{-\frac{\lVert x \rVert^2}{\sigma^2}}", V),
    ("programs", r"p = e^{-\frac{\lVert x \rVert^2}{2 \sigma^2}}", R),
    ("programs", r"p = e^{-\frac{\lVert x \rVert^2}{\sigma}}", E),
    ("programs", r"\frac{\partial \log p}{\partial \sigma^2} = \frac{x^\top x}{(\sigma^2)^2} = \frac{x^\top x}{\sigma^2}", "verified refuted"),
    ("programs", r"\tau^2 + \sum_j \sigma_{B,j}^2 = \sum_i \sigma_{B,i}^2 + \tau^2", V),
    ("programs", r"\rho^2 = 2", E),
    ("programs", r"\hat{v} = 2", E),
    ("programs", r"\sum_j u_{1,j} x_j = (u_1)^\top x = \sum_j u_{1j}", "verified refuted"),
    ("programs", r"\epsilon \pi(1) = 5 \epsilon \pi(0) = 2 \epsilon \pi(0)", "verified refuted"),
    ("programs", r"x^T T(\epsilon) = \sum_i x_i T(\epsilon)_i", V),
    ("programs", r"x^T T(\epsilon) = 0", R),
    ("programs", r"\epsilon(1) = 2", E),
    # ------------------------------------------------------------------------ layers in a batch
    ("batch", r"\frac{\partial L}{\partial W} = X^\top \frac{\partial L}{\partial Z}", V),
    ("batch", r"\frac{\partial L}{\partial W} = X^\top \frac{\partial L}{\partial A}", R),
    ("batch", r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial Z} X", E),  # transposed
    ("batch", r"\frac{\partial L}{\partial X} = \frac{\partial L}{\partial Z} W^\top", V),
    ("batch", r"\frac{\partial L}{\partial Z} = \frac{\partial L}{\partial A} \odot \mathbb{1}[Z > 0]", V),
    ("batch", r"\frac{\partial L}{\partial Z} = \frac{\partial L}{\partial A} \odot \mathbb{1}[Z < 0]", R),
    ("batch", r"r = z \odot \mathbf{1}\{z > 0\} = z \odot \mathbf{1}\{z > c\}", "verified refuted"),
    ("batch", r"\frac{\partial K}{\partial c} = \frac{\partial K}{\partial z} = 2 \frac{\partial K}{\partial z}", "verified refuted"),
    ("batch", r"\frac{\partial K}{\partial x} = \frac{\partial K}{\partial z} \frac{\partial z}{\partial x}", E),
    ("batch", r"\frac{\partial K}{\partial x} = \frac{\partial K}{\partial z} V = \frac{\partial K}{\partial a} V", "verified refuted"),
    ("batch", r"l(w) = \sum_{i=1}^m \log p(y^{(i)} \mid D^{(i)}; w) = \sum_{i=1}^m p(y^{(i)} \mid D^{(i)}; w)", "verified refuted"),
    ("batch", r"p(y_i \mid D^{(i)}) = \sigma(y_i w^\top D^{(i)})", V),
    ("batch", r"p(y^{(i)} \mid D^{(i)}) = \sigma(y^{(i)} w^\top D^{(i)}) = \sigma(w^\top D^{(i)})", "verified refuted"),
    ("batch", r"p(y^{(i)} \bigl| D^{(i)}) = \sigma(y^{(i)} w^\top D^{(i)}) ", V),
    ("batch", r"p(y^{(i)} \big| D^{(i)}) = \sigma(w^\top D^{(i)})", R),
    ("batch", r"q(D^{(i)}; w) = q_i", E),  # not row by row
    ("batch", r"d(g(s), t) = \lvert g(s) - t \rvert^2 = \lvert g(s) + t \rvert^2", "verified refuted"),
    ("batch", r"d(g(t), t) = 0", E),
    ("network", r"s_{ij} = \sum_k h_{ik} (W_2)_{kj}", V),
    ("network", r"s_{ij} = \sum_k h_{ik} (W_2)_{jk}", E),
    ("network", r"s_{ij} = \sum_k h_{ik} (x)_{kj}", E),
    # --------------------------------------------- numbers beside what is computed entry by entry
    ("layers", r"1 - \sigma(z) = \sigma(-z)", V),
    ("layers", r"1 - \sigma(z) = \sigma(z)", R),
    ("layers", r"\sigma'(z) = \sigma(z) (1 - \sigma(z))", V),
    ("layers", r"\sigma'(z) = h (1 - h)", V),
    ("layers", r"\sigma'(z) = h (1 + h)", R),
    ("layers", r"\nabla_z L = \nabla_h L \odot h \odot (1 - h)", V),
    ("layers", r"\nabla_z L = y \odot (1 - z) \odot \nabla_h L", R),
    ("layers", r"\frac{1}{1 + e^{-z}} = h", V),
    ("layers", r"\frac{1}{1 + e^{z}} = h", R),
    ("layers", r"\frac{z}{\sqrt{b} + \epsilon} = \frac{z}{\sqrt{b} - \epsilon}", R),
    ("layers", r"1 - \tanh^2(A) = 1 - s \odot s", V),
    ("layers", r"1 - z = y", E),
    ("layers", r"z (1 - z) = z - z^2", E),
    ("layers", r"\frac{y}{z} = y", E),
    ("layers", r"\frac{\partial P}{\partial z} = P (1 - P)", E),  # a matrix on the left
    ("layers", r"z^\top h (1 - h) = \sum_i z_i h_i (1 - h_i)", E),  # which product comes first?
    # ------------------------------------------------------- bars, arrows, components, programs
    ("layers", r"|z - y|^2 = |z|^2 - 2 z^\top y + |y|^2", V),
    ("layers", r"|z - y|^2 = |z|^2 - z^\top y + |y|^2", R),
    ("layers", r"|z| = \max(z, -z)", E),  # a norm, and not that of each entry
    ("layers", r"|A^\top A| = |A|^2", E),
    ("layers", r"J_{ridge}(\vec{z}) = \vec{z} \cdot \vec{z} = J_{ridge}", "verified verified"),
    ("layers", r"\vec{z} + z = 2 z", E),
    ("layers", r"\sum_i f_i(z)^2 = |f(z)|^2", V),
    ("layers", r"f_2(z) + f_3(z) = f_1(z)", R, {"reading": "base 1"}),
    ("layers", r"\frac{1}{\text{z.size}(0)} \sum_i z_i = \frac{1}{\text{len}(z)} \mathbf{1}^\top z", V),
    ("layers", r"\frac{1}{\text{z.size}(1)} \sum_i z_i = 0", E),
    ("layers", r"\triangledown_z J_{ridge} = 2 z", V),
    ("layers", r"\triangledown_z J_{ridge} = z", R),
    # -------------------------------------------------- a letter that stands for one of the data
    ("one of the data", r"\partial{L_i} / \partial{f_j} = \sigma(f_j) - y_{ij}", V),
    ("one of the data", r"\partial{L_i} / \partial{f_j} = y_{ij} - \sigma(f_j)", R),
    ("one of the data", r"L_i = -\sum_j (y_{ij} \log \sigma(f_{ij}) + (1 - y_{ij}) \log(1 - \sigma(f_{ij})))", V),
    ("one of the data", r"L_i = -\sum_j (y_j \log \sigma(f_{ij}) + (1 - y_{ij}) \log(1 - \sigma(f_{ij})))", E),
    ("one of the data", r"L_i = \sum_j y_{ij} f_{kj}", E),
    ("one of the data", r"L = \sum_i L_i", E),
    # ----------------------------------------------------- names that are counters, or an index
    ("counters", r"y_t = \frac{1}{2} y_{t-1} + y_{t-2}, \quad t \geq 2", V),
    ("counters", r"y_t = y_{t-1} + y_{t-2}", R),
    ("counters", r"\sum_n y_n = \mathbf{1}^\top y", V),
    ("counters", r"\sum_n y_n = \frac{1}{n} \mathbf{1}^\top y", E),
    ("counters", r"\sum_{k=1}^K p_{ik} = 1", V),
    ("counters", r"\sum_k k p_{ik} = 1", R),
    ("counters", r"R_t = c, \quad t = 1, \dots, T", V),
    ("counters", r"R_t = 2 c \quad \forall t", R),
    ("counters", r"R_j = c", E),
    ("counters", r"r = u_j u_j, \quad j = 1, \dots, 4", E),  # no sum is implied
    # ------------------------------------------------------------------- rows, also by a label
    ("labels of rows", r"L_i = \sum_{j \neq y_i} \left[ \max(0, w_j^T x_i - w_{y_i}^T x_i + 1) \right]", V),
    ("labels of rows", r"L_i = \sum_{j \neq y_i} \left[ \max(0, w_j^T x_i - w_{y_i}^T x_i - 1) \right]", R),
    ("labels of rows", r"\nabla_{w_k} l = \frac{1}{N} \sum_i (q_{ik} - \mathbb{1}(y_i = k)) x_i", V),
    ("labels of rows", r"\frac{\partial l}{\partial w_k} = \frac{1}{N} \sum_i (q_{ik} - \mathbb{1}(y_i = k)) x_i", V),
    ("labels of rows", r"\nabla_{w_k} l = \frac{1}{N} \sum_i q_{ik} x_i", R),
    ("labels of rows", r"\|\mathbf{x}_i\|^2 = \sum_j x_{ij}^2", V),
    # ------------------------------------------- sums that go on, biases, traces of products
    ("batches", r"J = -\frac{1}{n} \sum_i y_i \log p_i + (1 - y_i) \log(1 - p_i)", V),
    ("batches", r"J = -\frac{1}{n} \sum_i y_i \log p_i - (1 - y_i) \log(1 - p_i)", R),
    ("batches", r"s = \sum_i x_i + x_{in}", V),
    ("batches", r"\sum_i p_i + x_i = y_i", E),
    ("batches", r"x_i + \sum_i p_i + x_i = 0", E),
    ("batches", r"v = \frac{1}{n - 1} \sum_{i=1}^n (x_i - \bar{x})^2", V),
    ("batches", r"v = \frac{1}{n} \sum_{i=1}^n (x_i - \bar{x})^2", R),
    ("batches", r"O = X W + b", V),
    ("batches", r"O = X W - b", R),
    ("batches", r"O = X W + c", E),
    ("batches", r"A B + h = A B", E),  # a row, or a column?
    ("batches", r"\tr A B = \tr B A", V),
    ("batches", r"\operatorname{tr} A B = \tr(A) \tr(B)", R),
    ("batches", r"\tr A B = \tr(A) B", E),
    ("batches", r"\frac{\partial h_1}{\partial h_i} = \delta_{i1}", V, {"reading": "base 1"}),
    ("batches", r"\frac{\partial h_1}{\partial h_i} = \delta_{i2}", R, {"reading": "base 1"}),
    ("batches", r"\delta_3 = h", E),
    ("batches", r"\grad_h \norm{h}^2 = 2 h", V),
    # ----------------------------------------------------------- matrices with dots, and powers
    ("rectangles", r"A = \begin{bmatrix} a_{11} & a_{12} & \cdots & a_{1n} \\ a_{21} & a_{22} & \cdots & a_{2n} \\ "
     r"\vdots & \vdots & \ddots & \vdots \\ a_{m1} & a_{m2} & \cdots & a_{mn} \end{bmatrix}", V),
    ("rectangles", r"A = \begin{bmatrix} a_{11} & \cdots & a_{m1} \\ \vdots & \ddots & \vdots \\ "
     r"a_{1n} & \cdots & a_{mn} \end{bmatrix}", E),  # n by m
    ("rectangles", r"A = \begin{bmatrix} a_{11} & a_{12} & \cdots & a_{1n} \\ a_{21} & a_{32} & \cdots & a_{2n} \\ "
     r"\vdots & \vdots & \ddots & \vdots \\ a_{m1} & a_{m2} & \cdots & a_{mn} \end{bmatrix}", E),
    ("rectangles", r"\diag(x) = \begin{pmatrix} x_1 & & \\ & \ddots & \\ & & x_n \end{pmatrix}", V),
    ("rectangles", r"\diag(x) = \begin{pmatrix} x_1^2 & 0 & \cdots & 0 \\ 0 & x_2^2 & \cdots & 0 \\ "
     r"\vdots & \vdots & \ddots & \vdots \\ 0 & 0 & \cdots & x_n^2 \end{pmatrix}", R),
    ("rectangles", r"h_0 = \begin{bmatrix} 1 & q^{-1} & \cdots & q^{-T} \end{bmatrix} y", V),
    ("rectangles", r"h_0 = \begin{bmatrix} 1 & q & ... & q^T \end{bmatrix} y", R),
    # ------------------------------------------------------------------------------------- names
    ("names", r"p_{-1} = m_1 + 2 \pi^*", V),
    ("names", r"p_{-1} = m_{-1} + 2 \pi^*", R),
    ("names", r"v_t = 3 v_{t-1}", V),
    ("names", r"v_{t} = v_{t-1}", R),
    ("names", r"w^* = W^{(1)} v_{t-1}", V),
    ("names", r"w^* = W^{(1)} v_t", R),
    ("names", r"w^* = w^{(2)}", R),
    ("names", r"\theta^{\text{old}} + m_1 = m_1 + \theta^{\text{old}}", V),
    ("names", r"\dot{m}_p(m_1) = 20 m_1", V),
    ("names", r"\dot{m}_p(m_1) = 20 m_{-1}", R),
    # ------------------------------------------------------------------------ bold and plain type
    ("bold", r"\mathbf{x}^\top \mathbf{y} = \sum_i x_i y_i", V),
    ("bold", r"\mathbf{x}^\top \mathbf{y} = \sum_i x_i x_i", R),
    ("bold", r"\mathbf{x}^\top y = \sum_i \mathbf{x}_i y_i", V),
    ("bold", r"\mathbf{x} + x = 2 x", E),
    ("bold", r"\mathbf{x}_i + x_i = 2 x_i", E),
    # ------------------------------------------------------------------------------------ softmax
    ("scores", r"\text{softmax}(x_i) = \frac{e^{x_i}}{\sum_j e^{x_j}}", V),
    ("scores", r"\text{Softmax}(x_i) = \frac{e^{x_i}}{\sum_j e^{x_j}}", V),
    ("scores", r"\text{softmax}(x_i) = \frac{e^{-x_i}}{\sum_j e^{-x_j}}", R),
    ("scores", r"\text{softmax}(x_i) = P_j", E),
    ("scores", r"\text{softmax}(x_i) = 1", R),
    # ---------------------------------------------------- arguments that the page has no names for
    ("losses", r"J(\theta) = \frac{1}{n} \sum_i (w x_i - y_i)^2", V),
    ("losses", r"J(\theta) = \frac{1}{n} \sum_i (w x_i + y_i)^2", R),
    ("losses", r"J(w; \mathcal{D}) = \frac{1}{n} \sum_i (w x_i - y_i)^2", V),
    ("scores", r"\mathbb{E}_{a \sim P}[x^2(a)] = \sum_a P_a x_a^2", V),
    ("scores", r"\operatorname{Var}_{a \sim P}[x(a)] = \mathbb{E}_{a \sim P}[x^2(a)] - \mathbb{E}_{a \sim P}[x(a)]^2", V),
    ("scores", r"\operatorname{Var}_{a \sim P}[x(a)] = \mathbb{E}_{a \sim P}[x^2(a)]", R),
    ("losses", r"J(\theta) = J(\phi)", E),  # two things
    ("losses", r"J(\theta) = K(\theta)", R),
    ("losses", r"\nabla_w J(\theta) = \frac{2}{n} \sum_i x_i (w x_i - y_i)", V),
    ("losses", r"\nabla_w J(\theta) = \frac{1}{n} \sum_i x_i (w x_i - y_i)", R),
    # ---------------------------------------------------------------------------------- gradients
    ("gradients", r"\nabla f(x) = g'(a^\top x) a", V),
    ("gradients", r"\nabla f(x) = g'(a^\top x) x", R),
    ("gradients", r"\nabla f(a) = g'(a^\top x) x", V),
    ("gradients", r"\nabla f = g'(a^\top x) a", E),
    ("gradients", r"\nabla F(x) = \nabla_x F(x)", V),
    ("gradients", r"\nabla F(x) = \nabla F(a)", R),
    ("gradients", r"\nabla_{A^\top} h = \nabla_A h", E),
    # ----------------------------------------------------------------- several conditions in a row
    ("cases", r"\phi(X,Y) = \begin{cases} 10 & \text{if } X = Y = 1 \\ 5 & \text{if } X = Y = 0 \\ 1 & \text{otherwise} \end{cases}", V),
    ("cases", r"\phi(X,Y) = \begin{cases} 10 & \text{if } X = Y = 1 \\ 1 & \text{otherwise} \end{cases}", R),
    ("cases", r"\phi(X,Y) = \begin{cases} 10 & X = 1, Y = 1 \\ 5 & X = 0 \text{ and } Y = 0 \\ 1 & \text{else} \end{cases}", V),
    ("cases", r"\phi(X,Y) = \begin{cases} 10 & X = 1 \\ 5 & X = 0 \text{ and } Y = 0 \\ 1 & \text{else} \end{cases}", R),
    ("cases", r"\text{clip}(u) = \begin{cases} u & -1 \leq u \leq 1 \\ \operatorname{sign}(u) & \text{otherwise} \end{cases}", V),
    ("cases", r"\text{clip}(u) = \begin{cases} u & -1 \leq u \leq 1 \\ 1 & \text{otherwise} \end{cases}", R),
    ("cases", r"\text{clip}(u) = \begin{cases} u \text{if } -1 \leq u \leq 1 \\ \operatorname{sign}(u) \quad \text{otherwise} \end{cases}", V),
    ("cases", r"\text{clip}(u) = \begin{cases} u \text{if } -1 \leq u \leq 1 \\ 1 \quad \text{otherwise} \end{cases}", R),
    ("cases", r"\text{clip}(u) = \begin{cases} u & u = 0 \\ 1 & \text{otherwise} \end{cases}", E),
    ("cases", r"x_i m_i = \begin{cases} x_i & 1 \leq i \leq 3 \\ 0 & \text{otherwise} \end{cases}", V),
    ("cases", r"x_i m_i = \begin{cases} x_i & 1 \leq i < 3 \\ 0 & \text{otherwise} \end{cases}", R),
    ("cases", r"x_i m_i = \begin{cases} x_i & 0 \leq i < 3 \\ 0 & \text{otherwise} \end{cases}", V),
    ("cases", r"x_i m_i = \begin{cases} x_i & i > 3 \\ 0 & \text{otherwise} \end{cases}", R),
    ("cases", r"u = \begin{cases} u & v > 0 \\ u & \text{otherwise} \end{cases}", E),
    # ------------------------------------------------------------------------- what is summed over
    ("bounds", r"g = \max_{i = 1, \dots, n} x_i y_i", V),
    ("bounds", r"g = \max_{i = 1, \dots, n} x_i", R),
    ("bounds", r"\sum_{i \in \{1, \dots, n\}} P_i = 1", V),
    ("bounds", r"\sum_{i \in \{2, \dots, n\}} P_i = 1", R),
    ("bounds", r"\sum_{i \in [n]} x_i y_i = x^\top y", V),
    ("bounds", r"\sum_{i \in \mathcal{S}} x_i y_i = x^\top y", V),
    ("bounds", r"\sum_{i \in \mathcal{S}} x_i y_i = x^\top x", R),
    ("bounds", r"\sum_{i \in S} x_i = \sum_{i \in T} x_i", E),
    ("bounds", r"y_i = x_i + (y_i - x_i), \quad i \geq 1", V),
    ("cases", r"\text{clip}(u) = \begin{cases} u & u \leq 1 \text{ with } u \geq -1 \\ \operatorname{sign}(u) & \text{else} \end{cases}", V),
    ("cases", r"\lvert u \rvert = u, \quad u \geq 0", V),
    ("cases", r"\lvert u \rvert = -u, \quad u \geq 0", R),
    ("cases", r"\lvert u \rvert = u, \quad u < 0", R),
    ("cases", r"u^2 \geq 0, \quad u \geq 0", "verified refuted"),
    ("bounds", r"\begin{matrix} x^\top y = \sum_i x_i y_i \\ x^\top x = \sum_i x_i y_i \end{matrix}", "verified refuted"),
    ("bounds", r"x^\top y = y^\top x \quad \rightarrow \quad x^\top x = \sum_i x_i^2 \quad \to \quad x = y", "verified verified refuted"),
    # ------------------------------------------------------------------------- members of a matrix
    ("rows", r"x_i^\top w = (x w)_i", V),
    ("rows", r"x_i^\top w = (x w)_i^2", R),
    ("rows", r"L = \frac{1}{m} \sum_{i=1}^m (X_i^\top w - y_i)^2", V),
    ("rows", r"L = \frac{1}{m} \sum_{i=1}^m (X_i^\top w + y_i)^2", R),
    ("rows", r"\sum_i X_i w_i = X w", V),  # columns
    ("rows", r"\sum_i X_i y_i = X^\top y", V),  # rows
    ("rows", r"\sum_i S_i w_i = S w", E),  # either
    ("rows", r"\nabla_w L = \frac{2}{m} \sum_i (X_i^\top w - y_i) X_i", V),
    ("rows", r"\nabla_w L = \frac{1}{m} \sum_i (X_i^\top w - y_i) X_i", R),
    ("rows", r"J(w) = -\frac{1}{m} \sum_{i=1}^{m} \left(y_i \log h_w(x^{(i)}) + (1 - y_i) \log(1 - h_w(x^{(i)}))\right)", V),
    ("rows", r"J(w) = -\frac{1}{m} \sum_{i=1}^{m} \left(y_i \log h_w(x^{(i)}) + (1 - y_i) \log h_w(x^{(i)})\right)", R),
    ("rows", r"h(x_i) = \sigma(w^\top x_i + b)", V),
    ("rows", r"h(x_i) = \sigma(w^\top x_i - b)", R),
    ("rows", r"c(x_i) = c_i", E),  # c depends on all rows
    ("rows", r"Z(x_i) = Z_i + x_j", E),
    # -------------------------------------------------------------------- levels and differences
    ("levels", r"\frac{u_i^{n+1} - u_i^n}{\Delta t} = \frac{u^{n+1}_i - u^n_i}{\Delta t}", V),
    ("levels", r"u_i^{n+1} - u_i^n = u_{i+1}^n - u_i^n", R),
    ("levels", r"c^2 \Delta t^2 = (c \Delta t)^2", V),
    ("levels", r"c \Delta t^2 = (c \Delta t)^2", R),
    ("levels", r"c \Delta x = \Delta x \cdot c + 0 \Delta t", V),
    ("levels", r"\sum_i u_{n \cdot} u_{n \cdot}^\top = u", E),
    ("levels", r"u_{n \cdot} = u_{n,:}", V),
    ("levels", r"z = p \Delta y", V),
    ("levels", r"z = p \Delta t", R),
    ("levels", r"u_{12} + c = u_{1,2} + c", V, {"reading": "base 0"}),
    ("levels", r"u_{12} = u_{21}", R, {"reading": "base 0"}),
    # ----------------------------------------------------- Python functions that make nodes
    ("functions", r"f(x) = \frac{1}{1 + e^{-w^\top x}}", V),
    ("functions", r"f(x) = \frac{1}{1 + e^{w^\top x}}", R),
    ("functions", r"f_w(x + y) = \sigma(w^\top x + w^\top y)", V),
    ("functions", r"f_w(x + y) = f_w(x) f_w(y)", R),
    ("functions", r"\nabla_w f(x) = f(x) (1 - f(x)) x", V),
    ("functions", r"\nabla_w f(x) = f(x) (1 - f(x)) w", R),
    ("functions", r"\frac{d}{d r} \text{soft}(2 r) = 2 \sigma(2 r)", V),
    ("functions", r"\frac{d}{d r} \text{soft}(2 r) = \sigma(2 r)", R),
    ("functions", r"q = \bar g (1 - r)", E),  # a product, or g evaluated at 1 - r?
    ("functions", r"\sin r \frac{d r^2}{d r} = 2 r \sin r", V),
    ("functions", r"\sin r \frac{d r^2}{d r} = \sin(2 r^2)", R),
    ("functions", r"\color{red}{r} \textcolor{blue}{r} = r^2", V),
    # ------------------------------------------------------------------------------- sums over data
    ("data", r"J = -\frac{1}{n} \sum_x [y \ln a + (1 - y) \ln(1 - a)]", V),
    ("data", r"J = \frac{1}{n} \sum_x [y \ln a + (1 - y) \ln(1 - a)]", R),
    ("data", r"\frac{\partial K}{\partial w_j} = \frac{1}{n} \sum_x x_j (u - y)", V),
    ("data", r"\frac{\partial K}{\partial w_j} = \frac{1}{n} \sum_x x_j (u + y)", R),
    ("data", r"J = \sum_x w a", E),  # of two lengths
    ("data", r"K = \sum_x 1", E),
    # ------------------------------------------------------- members beside a name, and iterates
    ("members", r"f = \sum_{i=1}^n (x - x_i) y_i", V),
    ("members", r"f = \sum_{j=1}^n (x - x_j) x_j", R),
    ("members", r"adv\_f = 2 \sum_i (x - x_i) y_i", V),
    ("iterates", r"\nabla f(x_k)^\top (x - x_k) = (x - x_k)^\top \nabla f(x_k)", V),
    ("iterates", r"\nabla f(x_k)^\top (x - x_k) = (x - x_k)^\top \nabla f(x)", R),
    ("iterates", r"x_k^\top x_k = \sum_k x_k^2", E),  # the name, or an entry of x?
    ("iterates", r"H = \left(\frac{\partial^2 \ell}{\partial \theta_i \partial \theta_j}\right)", V),
    ("iterates", r"H = \left(\theta_i \theta_j\right)", R),
    ("iterates", r"A = (A_{ij}) = (A_{ji})", "verified refuted"),
    ("iterates", r"s g'(s) / g''(s) = \frac{s g'(s)}{g''(s)}", V),
    ("iterates", r"s / g(s) = \frac{s}{g(s)}", E),  # g times s?
    ("iterates", r"g(s) \vert{} 2 = s", E),
    ("iterates", r"e_k^2 = e_k \cdot e_k = \text{constant}", V),
    ("iterates", r"e_k^2 = \text{constant}", E),
    # --------------------------------------------------------------------------- random variables
    ("random", r"\mathbb{E}[aX + bY + c] = a \mathbb{E}[X] + b \mathbb{E}[Y] + c", V),
    ("random", r"\mathbb{E}[aX + b] = a \mathbb{E}[X]", R),
    ("random", r"\mathbb{V}(a + bX) = b^2 \mathbb{V}(X)", V),
    ("random", r"\operatorname{Var}(a + bX) = b \operatorname{Var}(X)", R),
    ("random", r"E[XZ] = E[X] E[Z]", V),  # independent
    ("random", r"E[XY] = E[X] E[Y]", R),  # not
    ("random", r"E[X^2] = E[X]^2", R),
    ("random", r"\text{Var}(X + Z) = \text{Var}(X) + \text{Var}(Z)", V),
    ("random", r"\text{Var}(X + Y) = \text{Var}(X) + \text{Var}(Y)", R),
    ("random", r"Var(X + Y) = Var(X) + Var(Y) + 2 Cov(X, Y)", V),
    ("random", r"\mathrm{Cov}(X, aX + b + Z) = a \, \mathrm{Cov}(X, X)", V),
    ("random", r"\mathrm{Cov}(X, aX + b + Y) = a \, \mathrm{Cov}(X, X)", R),
    ("random", r"\operatorname{Var}(X) = E[X^2] - E[X]^2 = E[(X - E[X])^2]", "verified verified"),
    ("random", r"SD(aX) = \lvert a \rvert SD(X)", V),
    ("random", r"SD(aX) = a SD(X)", R),
    ("random", r"\operatorname{Corr}(X, Y) = \frac{\operatorname{Cov}(X, Y)}{SD(X) SD(Y)}", V),
    ("random", r"\operatorname{Var}(X) \geq 0", V),
    ("random", r"E[X] \geq 0", R),
    ("random", r"X = Y", E),
    ("random", r"E[X] + X = a", E),
    ("random", r"\sum_i E[X] = a", E),
    ("random", r"E[a] = a", E),  # a is no random variable
    # --------------------------------------------------------------------------- values at a point
    ("points", r"\left.\frac{dy}{dx}\right|_{x=a} = 3a^2", V),
    ("points", r"\left.\frac{dy}{dx}\right|_{x=a} = 3x^2", R),
    ("points", r"\frac{dy}{dx}\Big|_{x=1} = 3", V),
    ("points", r"\frac{dy}{dx}\Big|_{x=1} = 1", R),
    ("points", r"\left.\frac{dy}{dx}\right|_{a} = 3a^2", V),
    ("points", r"\left.\frac{dy}{dx}\right|_{a} = 3x^2", R),
    ("points", r"\frac{dy}{dx}(a) = 3a^2", V),
    ("points", r"\frac{dy}{dx}(a) = 3x^2 a", R),  # no product
    ("points", r"\frac{dy}{dx}(1 - a) = 3x^2(1 - a)", V),  # a product
    ("points", r"\frac{d}{da}\left(\left.\frac{dy}{dx}\right|_{x=a}\right) = 6a", V),
    ("points", r"\left. \nabla_v q \right|_{v=0} + v = v", V),
    ("points", r"\left. \nabla_v q \right|_{v=a} = v", E),
    ("points", r"\frac{dF}{dx} = \frac{dF}{du}(u(x)) \cdot \frac{du}{dx}", V),
    ("points", r"\frac{dF}{dx} = \frac{dF}{du}(x) \cdot \frac{du}{dx}", V),  # u is u(x)
    ("points", r"\frac{dF}{dx} = \frac{dF}{du}(a) \cdot \frac{du}{dx}", R),
    ("points", r"y^2(x) = x^6", V),
    ("points", r"y^2(x) = x^7", R),  # no product
    ("points", r"y^2(1 - x) = x^6 - x^7", V),  # a product
    ("points", r"a^2(x + 1) = a^2 x + a^2", V),  # a product
    ("points", r"\frac{dh}{dx} = h'(x)", V),
    ("points", r"\dot z = \omega \cos(\omega t)", V),
    ("points", r"\dot z = \cos(\omega t)", R),
    ("points", r"\dot x = a", E),
    # ------------------------------------------------------------------------------------- dots
    ("dots", r"\det A = \lambda_1 \cdots \lambda_n", V),
    ("dots", r"\det A = \lambda_1 + \lambda_2 + \dots + \lambda_n", R),
    ("dots", r"s = x_1 y_1 + x_2 y_2 + \dots + x_n y_n", V),
    ("dots", r"s = x_1 y_1 + \cdots + x_n y_n", V),
    ("dots", r"s = x_1 x_1 + x_2 x_2 + \dots + x_n x_n", R),
    ("dots", r"s = x_1 y_1 + x_2 y_1 + \dots + x_n y_n", E),
    ("dots", r"s = x_1 y_1 + x_3 y_3 + \dots + x_n y_n", E),
    ("dots", r"s - w_0 = x_1 y_1 + x_2 y_2 + \dots + x_n y_n - w_0", V),
    ("dots", r"s + w_0 = x_1 y_1 + x_2 y_2 + \dots + x_n y_n - w_0", R),
    ("dots", r"2^1 + 2^2 + \dots + 2^5 = 62", V),
    ("dots", r"2^1 + 2^2 + \dots + 2^5 = 63", R),
    ("dots", r"2^1 + \dots + 2^5 = 62", E),  # powers of two, or the even numbers?
    ("dots", r"(1 + x_1)(1 + x_2) \cdots (1 + x_n) = \prod_i (1 + x_i)", V),
    ("dots", r"x_1 - x_2 + \dots + x_n = a", E),
    # -------------------------------------------------------------------------------- integrals
    ("integrals", r"\int_a^b x^2 \, dx = \frac{b^3 - a^3}{3}", V),
    ("integrals", r"\int_a^b x^2 \, dx = \frac{a^3 - b^3}{3}", R),
    ("integrals", r"\int_a^b u^2 + 1 \, du = \frac{b^3 - a^3}{3} + b - a", V),
    ("integrals", r"\int_a^b f'(u) \, du = f(b) - f(a)", V),
    ("integrals", r"\int_a^b f'(u) \, du = f(b)", R),
    ("integrals", r"\frac{d}{db} \int_a^b f(u) \, du = f(b)", V),
    ("integrals", r"\frac{d}{db} \int_a^b f(u) \, du = f(a)", R),
    ("integrals", r"\int_{-\infty}^{\infty} p(x) \, dx = 1", V),
    ("integrals", r"\int_{-\infty}^{\infty} (x - \mu)^2 p(x) \, dx = \sigma^2", V),
    ("integrals", r"\int_{-\infty}^{\infty} x p(x) \, dx = \sigma", R),
    ("integrals", r"\int_0^\infty t \lambda e^{-\lambda t} dt = \frac{1}{\lambda}", V),
    ("integrals", r"\int_0^\infty t \lambda e^{-\lambda t} dt = \lambda", R),
    ("integrals", r"\int_{-\infty}^a e^u \, du = e^a", V),
    ("integrals", r"\int_0^a \int_0^b u v^2 \, dv \, du = \frac{a^2 b^3}{6}", V),
    ("integrals", r"\int_0^a \int_0^b u v^2 \, dv \, du = \frac{a^3 b^2}{6}", R),
    ("integrals", r"\int_1^2 \frac{dx}{x} = \log 2", V),
    ("integrals", r"\int_a^b \text{cube}(u) \, du = \frac{b^4 - a^4}{4}", V),
    ("integrals", r"\int_0^1 \frac{1}{u} \, du = a", N),  # it diverges
    ("integrals", r"\int_{-\infty}^{\infty} \frac{a}{1 + u^2} \, du = \pi a", N),  # its ends die away slowly
    ("integrals", r"\int_0^a \sum_{k=0}^{2} u^k \, du = a + \frac{a^2}{2} + \frac{a^3}{3}", V),
    ("integrals", r"\int_0^a \sum_{k=0}^{2} u^k \, du = a + a^2 + a^3", R),
    ("integrals", r"\int_0^a 2 \sum_{k=0}^{2} u^k \, du = 2a + a^2 + \frac{2 a^3}{3}", V),
    ("integrals", r"\int x \, dx = a", E),
    ("integrals", r"\int_0^1 x = a", E),
    ("integrals", r"\mathbb{E}_{z \sim \mathcal{N}(\mu, \sigma^2)}[z^2] = \mu^2 + \sigma^2", V),
    ("integrals", r"\mathbb{E}_{z \sim \mathcal{N}(\mu, \sigma^2)}[z^2] = \mu^2 + \sigma", R),
    ("integrals", r"\operatorname{Var}_{z \sim \mathcal{N}(\mu, \sigma^2)}[z] = \sigma^2", V),
    ("integrals", r"\operatorname{Var}_{z \sim \mathcal{U}(a, b)}[z] = \frac{(b - a)^2}{12}", V),
    ("integrals", r"\operatorname{Var}_{z \sim \mathcal{U}(a, b)}[z] = \frac{(b - a)^2}{6}", R),
]  # fmt: skip


@cache
def page(name: str) -> dict[str, Any]:
    """The names of a page."""
    made = PAGES[name]
    names: dict[str, Any] = {**vars(edf), "np": np}
    exec(made.get("python", ""), names)
    if "let" in made:
        names |= declare(made["let"], names)
    if "define" in made:
        names |= define(made["define"], names)
    return names


def case_id(case: tuple[Any, ...]) -> str:
    return f"{case[0]}: {case[1][:60]}"


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_status(case: tuple[Any, ...]) -> None:
    """Each step has the status that the mathematics gives it."""
    name, latex, statuses, *more = case
    options = more[0] if more else {}
    if E in statuses:
        with pytest.raises(EquationError, match=r"\^$"):
            check_equation(latex, page(name), points=4, **options)
        return
    found = [verdict.status for verdict in check_equation(latex, page(name), points=5, **options)]
    assert found == statuses.split()


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_printed_as_typeset(case: tuple[Any, ...]) -> None:
    """The tree printed back is read as the same tree, and set as the source is."""
    if E not in case[2]:
        tree = parse(case[1])
        assert parse(to_latex(tree)) == tree
        assert typesetting_difference(case[1], to_latex(tree)) is None
