"""Makes golden.json: numbers of the study's `glyphs` task, for GlyphsGoldenTests.

    python3 generate.py --study DIR [--output golden.json]

DIR holds the study's task.py, which is imported, not copied. Needs numpy (made with 2.x); seed 99. Everything is
float64, stored as {"shape": [...], "float64": base64 of little-endian values}. Images are rounded to multiples of 2^-16,
so that they are exact in float32. Only quantities that depend on the subspaces are stored, none on their bases.
"""
import argparse
import base64
import json
import sys

import numpy as np

CONSTANTS = dict(tau=.25, amp=.5, rho=.2, beta=2., k0=5., kc=9, ds=116, dd=96, s=.02)
NOISES = (0., .5, 1.)


def encoded(array):
    array = np.ascontiguousarray(array, dtype="<f8")
    return {"shape": list(array.shape), "float64": base64.b64encode(array.tobytes()).decode("ascii")}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--study", required=True, help="folder with the study's task.py")
    parser.add_argument("--output", default="golden.json")
    arguments = parser.parse_args()
    sys.path.insert(0, arguments.study)
    import task as study

    task = study.Task(**CONSTANTS)
    images, labels = task.sample(8, 99)
    images = np.round(images * 2**16) / 2**16
    signal, distractor = task.split(images)

    golden = {
        "images": images.reshape(8, 1, 20, 40),
        "labels": labels,
        # Drawings 0, 5, 9 and A, K; then a six under all deformations at once.
        "digits": np.stack([study.render(study.DIGITS[i], np.zeros(8)) for i in (0, 5, 9)]),
        "letters": np.stack([study.render(study.LETTERS[i], np.zeros(8)) for i in (0, 2)]),
        "deformed": study.render(study.DIGITS[6], 2 * study.PSTD * np.array([1, -1, 1, -1, 1, -1, 1, -1])),
        # U U' x of whole images, and mean images of the classes.
        "projection": ((images[:2] @ task.U) @ task.U.T),
        "signalMean": task.sig.mu0 + task.sig.m[3] @ task.sig.U.T,
        "distractorMean": task.dis.mu0 + task.dis.m[1] @ task.dis.U.T,
        # U S_c U' a: the covariances without their basis.
        "signalCovariance": (signal[0] @ task.sig.U) @ task.sig.S[4] @ task.sig.U.T,
        "distractorCovariance": (distractor[0] @ task.dis.U) @ task.dis.S[3] @ task.dis.U.T,
    }
    for noise in NOISES:
        key = f"{noise:g}"
        golden["logDensities@" + key] = task.sig.logp(signal, noise)[0]
        golden["posterior@" + key] = task.post(images, noise)
        golden["score@" + key] = task.score(images[:2], noise)
    # Class-conditional scores of image 0, classes 0, 4, 9; and gradients of the log-posterior.
    conditional = task.sig.grads(signal[:1], .5)["cscore"][0]
    marginal = task.dis.grads(distractor[:1], .5)["score"]
    golden["classScores@0.5"] = np.concatenate([task.join(conditional[i:i + 1], marginal) for i in (0, 4, 9)])
    golden["logPosteriorGradients@0.5"] = task.lpost(images[:1], .5)[0][[0, 4, 9]]

    with open(arguments.output, "w", encoding="utf-8") as file:
        json.dump({"constants": CONSTANTS, "tensors": {key: encoded(value) for key, value in golden.items()}}, file,
                  indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
