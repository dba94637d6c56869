import BenchCore
import Foundation
import Mixtures

/// The task `cifar10`.
enum CIFAR10 {
  static let task = PixelTaskPlugin(
    definition, files: files,
    summary: "CIFAR-10 test images; manifold, score and reference from a mixture fitted to the training images",
    dataSource: "CIFAR-10 binary version, 162 MB, https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    references: [
      "Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009",
      "Ghahramani, Hinton: The EM Algorithm for Mixtures of Factor Analyzers, CRG-TR-96-1, 1996",
    ])

  static let files = RecordFiles(
    name: "cifar10", title: "CIFAR-10",
    requirement: """
      data_batch_1.bin to data_batch_5.bin and test_batch.bin (the binary version), the same without .bin (the Python version, as torchvision \
      keeps it), either's .tar.gz, or a .npz file of them
      """,
    imageShape: [3, 32, 32],
    classNames: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    classNamesFile: "batches.meta.txt", subfolders: ["cifar-10-batches-bin", "cifar-10-batches-py"],
    archives: ["cifar-10-binary.tar.gz", "cifar-10-python.tar.gz"],
    trainFiles: (1...5).map { "data_batch_\($0).bin" }, testFiles: ["test_batch.bin"],
    published: PublishedDigests.cifar10)

  /// The paper's `logspace(-3, 2, 20)[12...15]`.
  private static let stepSizes = (12...15).map { pow(10, -3 + 5 * Double($0) / 19) }

  static let protocolConstants = ProtocolConstants(
    stepSizes: stepSizes, wideStep: stepSizes[1], smallStep: stepSizes[0], scoreNoises: [0.1, 0.25, 0.5],
    alignmentNoises: [0.25, 0.5, 1], decisiveNoise: 0.5, robustnessNoise: 0.01)

  static let mixtureSettings = MixtureSettings(
    imagesPerComponent: 450, maximumComponents: 12, factors: 100, tangentDimension: 60, priorImages: 2000)

  /// Constants of version 1, chosen on 4,660 training and 600 test images:
  ///
  /// - One component with 100 factors for about 466 images of a class. Held-out log-likelihood per image rises with the
  ///   factors (60: 2,720 nats, 100: 3,150, 120: 3,230) and not with the components at this size (1, 2 and 4
  ///   components with 60 factors: 2,721, 2,728, 2,726), and the separation below is widest with one.
  /// - A covariance prior worth 2,000 images. Held-out log-likelihood is highest near 500 (3,148 nats; 2,000: 3,107;
  ///   tied covariances: 3,045; with 60 factors 0: 2,486, 500: 2,720), but with little pooling the log-odds gradient is
  ///   mostly a difference of badly known covariances and looks like the image itself, the strongest control: cosine
  ///   0.046 against the adversarially trained network's 0.061 with 500, 0.040 against 0.072 with 2,000 (at sigma 0.5).
  /// - 60 tangent directions: the ratio of off- to on-manifold sensitivity at step 2.64 is then 7.6 and 8.2 for the
  ///   standard ResNet-20 and -56, 0.55 and 0.41 for the adversarially trained and the certified network. More
  ///   directions reach into what standard networks react to (200: 3.4 and 4.0).
  /// - The reference classifier is smoothed with sigma 0.5 for the decision. At 0.25, 0.5, 1 the cosines of the log-odds
  ///   gradients are 0.042, 0.072, 0.099 (adversarial) and 0.056, 0.108, 0.169 (certified) against 0.004, 0.005, 0.006
  ///   (ResNet-20), and the largest control of the adversarial network 0.034, 0.040, 0.064: below 0.5 the likelihood
  ///   ratio hangs on directions of small variance that few hundred images do not determine, above it the image gains.
  private static let definition = PixelTask.Definition(
    id: files.name, version: 1, protocolConstants: protocolConstants,
    calibration: .recorded(
      onManifoldSensitivity: standardOnManifoldSensitivity, models: ["cifar10-resnet20", "cifar10-resnet56"]),
    criteria: RegimeCriteria(
      robustRatio: 0.75, specificShare: 0.3, templateShare: 0.27, densityAccuracy: 0.9, standards: standards,
      tells: """
        weak from bayes-aligned; excessive beside a standard twin, where sensitivity and accuracy lie below those of all recorded \
        standards, or where accuracy falls below the fitted density's
        """),
    settings: mixtureSettings)

  /// models/recipes/standards, trained on the 4,660 images and measured on the 600.
  private static let standards = [
    RecordedStandard("cnn-small-w16-seed0", parameters: 64666, accuracy: 0.59, onManifold: 0.1092),
    RecordedStandard("cnn-small-w16-seed1", parameters: 64666, accuracy: 0.603, onManifold: 0.0989),
    RecordedStandard("cnn-small-w4-seed0", parameters: 11854, accuracy: 0.522, onManifold: 0.1036),
    RecordedStandard("cnn-small-w4-seed1", parameters: 11854, accuracy: 0.52, onManifold: 0.0919),
    RecordedStandard("cnn-small-w8-seed0", parameters: 26578, accuracy: 0.57, onManifold: 0.1036),
    RecordedStandard("cnn-small-w8-seed1", parameters: 26578, accuracy: 0.565, onManifold: 0.1035),
    RecordedStandard("resnet-small-w16-seed0", parameters: 118362, accuracy: 0.525, onManifold: 0.1358),
    RecordedStandard("resnet-small-w16-seed1", parameters: 118362, accuracy: 0.532, onManifold: 0.1253),
    RecordedStandard("resnet-small-w4-seed0", parameters: 15294, accuracy: 0.468, onManifold: 0.1306),
    RecordedStandard("resnet-small-w4-seed1", parameters: 15294, accuracy: 0.442, onManifold: 0.1284),
  ]

  /// Of rule v1: median of 0.0437 (ResNet-20) and 0.0376 (ResNet-56): on-manifold sensitivity at the small step over the 600 test
  /// images, against the mixture fitted to the 4,660 training images.
  private static let standardOnManifoldSensitivity = 0.0407
}
