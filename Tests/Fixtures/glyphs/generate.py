"""Makes golden.json: numbers of the `glyphs` task, version 2, for GlyphsGoldenTests.

    python3 generate.py [--output golden.json]

A second implementation of the task in numpy (made with 2.x), written without looking at a basis: everything is float64,
stored as {"shape": [...], "float64": base64 of little-endian values}. Images (seed 99) are rounded to multiples of
2^-16, so that they are exact in float32. Only quantities that depend on the subspaces are stored, none on their bases.
"""
import argparse
import base64
import json

import numpy as np

SIDE, HALF_WIDTH, SOFTNESS = 20, 1.0, 0.45
CONTRAST, CROSSTALK, DEFORMATION, RIDGE, NOISE, HALFWAY, CUTOFF = 0.75, 0.22, 0.75, 0.15, 0.015, 0.02, 5.0
SIGNAL = dict(dimension=61, modes=5, amplitude=1.1)
DISTRACTOR = dict(dimension=162, modes=12, amplitude=1.35)
PAIRS = [(1, 7), (3, 8), (4, 9), (5, 6), (0, 6), (2, 7), (3, 5), (8, 9)]
# Translation x, y; rotation; log stretch x, y; shear; thickness; bend.
DEVIATIONS = np.array([0.5, 0.5, 0.10, 0.07, 0.07, 0.10, 0.15, 0.25])
NOISES = (0.0, 0.5, 1.0)


def smooth(*points):
    """Uniform Catmull-Rom spline, 8 segments a span, periodic where it is closed."""
    points = np.array(points)
    closed = np.allclose(points[0], points[-1])
    before = points[-2] if closed else 2 * points[0] - points[1]
    after = points[1] if closed else 2 * points[-1] - points[-2]
    knots = np.vstack([before, points, after])
    t = (np.arange(8) / 8)[:, None]
    spans = []
    for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:]):
        spans.append((2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3) / 2)
    return np.vstack(spans + [points[-1:]])


def straight(*points):
    return np.array(points)


SIX = [(.66, .13), (.44, .24), (.29, .48), (.27, .70), (.40, .87), (.60, .87), (.73, .72), (.66, .54), (.48, .49),
       (.31, .60)]
DIGITS = [
    [smooth((.5, .12), (.70, .24), (.76, .5), (.70, .76), (.5, .88), (.30, .76), (.24, .5), (.30, .24), (.5, .12))],
    [straight((.36, .28), (.54, .12), (.54, .88))],
    [smooth((.27, .30), (.36, .15), (.55, .12), (.71, .24), (.66, .44), (.44, .66), (.26, .86)),
     straight((.26, .86), (.76, .86))],
    [smooth((.28, .18), (.5, .12), (.70, .24), (.64, .42), (.46, .48)),
     smooth((.46, .48), (.68, .54), (.74, .70), (.60, .86), (.40, .88), (.25, .80))],
    [straight((.62, .88), (.62, .12), (.24, .64), (.78, .64))],
    [straight((.72, .13), (.34, .13), (.30, .46)),
     smooth((.30, .46), (.52, .40), (.72, .52), (.74, .70), (.58, .86), (.38, .88), (.25, .80))],
    [smooth(*SIX)],
    [straight((.24, .13), (.76, .13), (.42, .88))],
    [smooth((.5, .12), (.68, .20), (.68, .38), (.5, .47), (.32, .38), (.32, .20), (.5, .12)),
     smooth((.5, .47), (.72, .58), (.73, .78), (.5, .88), (.27, .78), (.28, .58), (.5, .47))],
    [smooth(*[(1 - x, 1 - y) for x, y in SIX])],
]
LETTERS = [
    [straight((.2, .88), (.5, .12), (.8, .88)), straight((.32, .6), (.68, .6))],
    [straight((.25, .12), (.25, .88)), straight((.75, .12), (.75, .88)), straight((.25, .5), (.75, .5))],
    [straight((.28, .12), (.28, .88)), straight((.74, .12), (.28, .54)), straight((.44, .42), (.76, .88))],
    [straight((.24, .12), (.76, .88)), straight((.76, .12), (.24, .88))],
]


def render(strokes, deformation=np.zeros(8)):
    tx, ty, rotation, sx, sy, shear, thickness, bend = deformation
    turn = np.array([[np.cos(rotation), -np.sin(rotation)], [np.sin(rotation), np.cos(rotation)]])
    linear = turn @ np.array([[1, shear], [0, 1]]) @ np.diag(np.exp([sx, sy]))
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    pixels = np.stack([columns.ravel(), rows.ravel()], 1)
    nearest = np.full(SIDE * SIDE, np.inf)
    for stroke in strokes:
        x, y = (stroke - 0.5).T
        points = np.stack([x + bend * (y**2 - 0.08), y], 1) @ linear.T * SIDE + SIDE / 2 + [tx, ty]
        for start, end in zip(points, points[1:]):
            along = np.clip((pixels - start) @ (end - start) / max(((end - start)**2).sum(), 1e-9), 0, 1)
            nearest = np.minimum(nearest, np.linalg.norm(pixels - start - along[:, None] * (end - start), axis=1))
    return 1 / (1 + np.exp(-(HALF_WIDTH + thickness - nearest) / SOFTNESS))


class Block:
    """One half of the image; Gaussians are kept in pixel space, with covariances of 400 x 400."""

    def __init__(self, drawings, pairs, dimension, modes, amplitude):
        count = len(drawings)
        ink = CONTRAST * np.stack([render(drawing) for drawing in drawings])
        bent = CONTRAST * DEFORMATION * np.stack([
            np.stack([render(drawing, step / 2) - render(drawing, -step / 2) for step in np.diag(DEVIATIONS)])
            for drawing in drawings])
        wave = np.cos(np.pi * np.arange(modes)[:, None] * (np.arange(SIDE) + 0.5) / SIDE)
        wave /= np.linalg.norm(wave, axis=1, keepdims=True)
        clouds = np.stack([
            np.outer(wave[i], wave[j]).ravel() * amplitude / (1 + (i * i + j * j) / CUTOFF**2)
            for i in range(modes) for j in range(modes)])

        self.center = ink.mean(0)
        spread = ink - self.center
        total = spread.T @ spread * (1 / count + CROSSTALK**2) + clouds.T @ clouds
        total += sum(b.T @ b for b in bent) / count
        vectors = np.linalg.eigh(total)[1][:, ::-1][:, :dimension]
        self.dimension, self.projector = dimension, vectors @ vectors.T
        self.means = np.concatenate([spread] + [(spread[a] + spread[b])[None] / 2 for a, b in pairs]) @ self.projector
        bent = list(bent) + [(bent[a] + bent[b]) / 2 for a, b in pairs]
        shared = CROSSTALK**2 * spread.T @ spread + clouds.T @ clouds + RIDGE**2 * np.eye(SIDE * SIDE)
        self.covariances = [self.projector @ (shared + b.T @ b) @ self.projector for b in bent]
        self.weights = np.zeros((count, len(bent)))
        self.weights[:, :count] = np.eye(count)
        for place, pair in enumerate(pairs):
            for label in pair:
                self.weights[label, count + place] += HALFWAY
                self.weights[label, label] -= HALFWAY

    def sample(self, label, random):
        drawing = random.choice(len(self.means), p=self.weights[label])
        values, vectors = np.linalg.eigh(self.covariances[drawing])
        root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
        z = random.standard_normal(SIDE * SIDE)
        return self.center + self.means[drawing] + root @ z + NOISE * (z - self.projector @ z)

    def densities(self, x, noise):
        """log p(x | c) without -(d/2) log(2 pi) and the part off the subspace, and the gradients of that."""
        outside = np.eye(SIDE * SIDE) - self.projector
        log_densities, gradients = [], []
        for mean, covariance in zip(self.means, self.covariances):
            # Unit variance off the subspace leaves the determinant alone.
            whole = covariance + noise**2 * self.projector + outside
            difference = self.projector @ (x - self.center) - mean
            gradient = -np.linalg.solve(whole, difference)
            log_densities.append((gradient @ difference - np.linalg.slogdet(whole)[1]) / 2)
            gradients.append(gradient)
        log_densities, gradients = np.array(log_densities), np.array(gradients)
        classes, scores = [], []
        for row in self.weights:
            drawn = row > 0
            joint = np.log(row[drawn]) + log_densities[drawn]
            classes.append(joint.max() + np.log(np.exp(joint - joint.max()).sum()))
            scores.append(np.exp(joint - classes[-1]) @ gradients[drawn])
        return np.array(classes), np.array(scores)

    def off(self, x, noise):
        return -(x - self.center - self.projector @ (x - self.center)) / (NOISE**2 + noise**2)

    def score(self, x, noise):
        classes, scores = self.densities(x, noise)
        return posterior(classes) @ scores + self.off(x, noise)


def posterior(classes):
    weights = np.exp(classes - classes.max())
    return weights / weights.sum()


def halves(image):
    image = image.reshape(SIDE, 2 * SIDE)
    return image[:, :SIDE].ravel(), image[:, SIDE:].ravel()


def joined(left, right):
    return np.concatenate([left.reshape(SIDE, SIDE), right.reshape(SIDE, SIDE)], 1).ravel()


def encoded(array):
    array = np.ascontiguousarray(array, dtype="<f8")
    return {"shape": list(array.shape), "float64": base64.b64encode(array.tobytes()).decode("ascii")}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", default="golden.json")
    arguments = parser.parse_args()
    digits, letters = Block(DIGITS, PAIRS, **SIGNAL), Block(LETTERS, [], **DISTRACTOR)
    random = np.random.default_rng(99)
    labels = random.integers(0, 10, 8)
    images = np.stack([joined(digits.sample(label, random), letters.sample(random.integers(4), random))
                       for label in labels])
    images = np.round(images * 2**16) / 2**16
    parts = [halves(image) for image in images]

    golden = {
        "images": images.reshape(8, 1, SIDE, 2 * SIDE),
        "labels": labels,
        # Drawings 0, 5, 9 and A, K; then a six under all deformations at once.
        "digits": np.stack([render(DIGITS[i]) for i in (0, 5, 9)]),
        "letters": np.stack([render(LETTERS[i]) for i in (0, 2)]),
        "deformed": render(DIGITS[6], 2 * DEVIATIONS * np.array([1, -1, 1, -1, 1, -1, 1, -1])),
        # U U' x of whole images; mean images of a three, halfway from a four to a nine, and an H.
        "projection": np.stack([joined(digits.projector @ a, letters.projector @ b) for a, b in parts[:2]]),
        "means": np.stack([digits.center + digits.means[3], digits.center + digits.means[12],
                           letters.center + letters.means[1]]),
        # U S_q U' a: the covariances without their basis, of a four, halfway from a four to a nine, and an X.
        "covariances": np.stack([digits.covariances[4] @ parts[0][0], digits.covariances[12] @ parts[0][0],
                                 letters.covariances[3] @ parts[0][1]]),
    }
    for noise in NOISES:
        key = f"{noise:g}"
        golden["logDensities@" + key] = np.stack([digits.densities(a, noise)[0] for a, _ in parts])
        golden["posterior@" + key] = np.stack([posterior(digits.densities(a, noise)[0]) for a, _ in parts])
        golden["score@" + key] = np.stack([joined(digits.score(a, noise), letters.score(b, noise))
                                           for a, b in parts[:2]])
    # Class-conditional scores of image 0, classes 0, 4, 9; and gradients of the log-posterior.
    left, right = parts[0]
    classes, scores = digits.densities(left, 0.5)
    golden["classScores@0.5"] = np.stack([
        joined(scores[i] + digits.off(left, 0.5), letters.score(right, 0.5)) for i in (0, 4, 9)])
    golden["logPosteriorGradients@0.5"] = np.stack([
        joined(scores[i] - posterior(classes) @ scores, np.zeros(SIDE * SIDE)) for i in (0, 4, 9)])

    with open(arguments.output, "w", encoding="utf-8") as file:
        json.dump({"tensors": {key: encoded(value) for key, value in golden.items()}}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
