/// What images are synthesised for.
package enum SynthesisTask: String, Sendable, CaseIterable {
  /// An image of a class, from a draw of a Gaussian.
  case generation
  /// A patch of an image that was taken out.
  case inpainting
  /// An image of more pixels than there were.
  case superResolution = "super-resolution"

  /// The published settings, with their code's names for them (MadryLab/robustness_applications): L2 radius `eps`, `step_size`,
  /// `iterations`, images in [0, 1].
  package enum Preset: String, Sendable, CaseIterable {
    /// The CIFAR-10 ratios, carried to the lengths of a task's own images; for what the publication has only for ImageNet, those.
    case scaled
    /// 3 x 32 x 32: generation eps 30, step 0.5, 60 iterations; super-resolution (7 times) eps 15, step 1, 50 iterations.
    case cifar10
    /// 3 x 224 x 224: generation eps 40, step 1, 60; inpainting eps 21.6, step 0.1, 720, a penalty of 10 and patches of 60 x 60;
    /// super-resolution (8 times) eps 8, step 1, 40.
    case imagenet
  }

  /// Of the published inpainting loss.
  package static let penaltyWeight = 10.0

  /// The side of the published patch, of the image's side.
  package static let patchShare = 60.0 / 224

  /// - Parameter length: the mean L2 norm of the task's images. That of CIFAR-10's is 29.5, about the published 30, so a radius of one
  ///   mean image carries the setting to images of other sizes and darker ones. Inpainting keeps the ratios to generation that it has
  ///   on ImageNet, super-resolution those that it has on CIFAR-10.
  /// - Returns: nil where nothing was published.
  package func settings(_ preset: Preset, length: Double) -> GradientAscent? {
    switch (preset, self) {
    case (.cifar10, .generation): GradientAscent(radius: 30, stepLength: 0.5, steps: 60)
    case (.cifar10, .superResolution): GradientAscent(radius: 15, stepLength: 1, steps: 50)
    case (.cifar10, .inpainting): nil
    case (.imagenet, .generation): GradientAscent(radius: 40, stepLength: 1, steps: 60)
    case (.imagenet, .inpainting): GradientAscent(radius: 21.6, stepLength: 0.1, steps: 720)
    case (.imagenet, .superResolution): GradientAscent(radius: 8, stepLength: 1, steps: 40)
    case (.scaled, .generation): GradientAscent(radius: length, stepLength: length / 60, steps: 60)
    case (.scaled, .inpainting): GradientAscent(radius: 0.54 * length, stepLength: length / 400, steps: 720)
    case (.scaled, .superResolution): GradientAscent(radius: length / 2, stepLength: length / 30, steps: 50)
    }
  }
}
