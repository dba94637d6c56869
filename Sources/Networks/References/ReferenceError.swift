import Tensor

/// What keeps a checkpoint from being a task's manifold, score or second reference.
package enum ReferenceError: Error, Sendable, CustomStringConvertible {
  case noDescription(file: String, kind: String)
  case otherKind(file: String, expected: String, got: String, use: String)
  case otherTask(file: String, trainedFor: String, task: String)
  case architecture(file: String, kind: String, expected: String)
  case latent(file: String, got: Shape, largest: Int)
  case output(file: String, part: String, got: Shape, expected: Shape)
  case noNoise(file: String)
  case classes(file: String, got: Int, expected: String)
  case otherClasses(file: String, got: Int, task: String, expected: Int)
  case notConditional(file: String)
  case resize(file: String)
  case invalidNoise(file: String, got: Double)
  case otherNoise(file: String, trained: Double, requested: Double)
  case notFinite(file: String, what: String, image: Int)

  package var description: String {
    switch self {
    case .noDescription(let file, let kind):
      "\(file): there is no description of it; \(Self.article(kind)) needs a model.json beside it with "
        + "`\"kind\": \"\(kind)\"` and its layers (docs/references.md)"
    case .otherKind(let file, let expected, let got, let use):
      "\(file): is \(Self.article(got)) by its description, expected \(Self.article(expected)); \(use)"
    case .otherTask(let file, let trained, let task):
      "\(file): was trained for task `\(trained)`, but the task is `\(task)`; pass --task \(trained), "
        + "or train one for `\(task)`"
    case .architecture(let file, let kind, let expected):
      "\(file): `architecture` of its description does not describe \(Self.article(kind)); expected \(expected)"
    case .latent(let file, let got, let largest):
      "\(file): the encoder gives \(got) for one image, expected [1, k] with k in 1...\(largest)"
    case .output(let file, let part, let got, let expected):
      "\(file): the \(part) gives images of shape \(got), those of the task are \(expected); "
        + "it was made for other images"
    case .noNoise(let file): "\(file): its description lacks `noise`, the standard deviation it removes, in pixel units"
    case .classes(let file, let got, let expected):
      "\(file): `classes` of its description is \(got), expected \(expected)"
    case .otherClasses(let file, let got, let task, let expected):
      "\(file): knows \(got) classes, task `\(task)` has \(expected); it was made for other images"
    case .notConditional(let file):
      "\(file): is a denoiser of all images, which knows no classes; a second reference is trained with "
        + "`train --kind denoiser --conditional`, or pass it as --score denoiser=FILE"
    case .resize(let file):
      "\(file): `preprocessing.resize` of its description goes with classifiers; a reference gives images of the task's size"
    case .invalidNoise(let file, let got): "\(file): `noise` of its description is \(got), expected a positive number"
    case .otherNoise(let file, let trained, let requested):
      "\(file): the denoiser was trained for noise \(trained) and says nothing about noise \(requested); "
        + "train one with --noise \(requested)"
    case .notFinite(let file, let what, let image):
      "\(file): \(what) is not finite at image \(image) of the call; the training diverged, or the image is far outside the data"
    }
  }

  private static func article(_ kind: String) -> String {
    ("aeiou".contains(kind.first ?? "x") ? "an " : "a ") + kind
  }
}
