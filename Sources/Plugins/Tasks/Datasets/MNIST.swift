import BenchCore
import Foundation
import Mixtures

/// The task `mnist`.
enum MNIST {
  static let task = PixelTaskPlugin(
    definition, files: files,
    summary: "MNIST test images; manifold, score and reference from a mixture fitted to the training images",
    dataSource: dataSource,
    references: [
      "LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition, Proc. IEEE 86, 1998",
      "Ghahramani, Hinton: The EM Algorithm for Mixtures of Factor Analyzers, CRG-TR-96-1, 1996",
    ])

  static let dataSource = "the four files of MNIST, 12 MB, https://yann.lecun.com/exdb/mnist/ or one of its mirrors"

  static let files = IDXFiles(
    name: "mnist", title: "MNIST", size: (28, 28), classNames: (0...9).map(String.init),
    subfolders: ["raw", "MNIST/raw"], published: (PublishedDigests.mnistTraining, PublishedDigests.mnistTest))

  /// Two notches below the paper's on the same grid, `logspace(-3, 2, 20)[10...13]`: an image's norm is 9 here and 29
  /// on CIFAR-10, and the steps are to be the same share of it.
  private static let stepSizes = (10...13).map { pow(10, -3 + 5 * Double($0) / 19) }

  static let protocolConstants = ProtocolConstants(
    stepSizes: stepSizes, wideStep: stepSizes[1], smallStep: stepSizes[0], scoreNoises: [0.1, 0.25, 0.5],
    alignmentNoises: [0.25, 0.5, 1], decisiveNoise: 0.5, robustnessNoise: 0.01)

  /// Constants of version 1. With 40 factors held-out log-likelihood and accuracy rise with the number of components
  /// (3 to 4 for a class: 762 nats, 0.967; 12 to 14: 795, 0.973).
  private static let definition = PixelTask.Definition(
    id: files.name, version: 1, protocolConstants: protocolConstants, calibration: .none,
    criteria: RegimeCriteria(
      robustRatio: 0.75, specificShare: 0.8, templateShare: 0.53, densityAccuracy: 0.9, standards: standards,
      tells: """
        gradients that are their class's template, and lost accuracy. Every network is robust off these tangent spaces, and \
        many standard ones have gradients of which as large a share fits single images as of robust ones': those are told \
        apart beside a standard twin (--standard) only, and stay undecided without one
        """),
    settings: mixtureSettings)

  static let mixtureSettings = MixtureSettings(
    imagesPerComponent: 450, maximumComponents: 16, factors: 40, tangentDimension: 30, priorImages: 100)

  /// models/recipes/standards, trained on the first 10,000 images and measured on 1,000.
  private static let standards = [
    RecordedStandard("cnn-small-seed0", parameters: 21634, accuracy: 0.977, onManifold: 0.0067),
    RecordedStandard("cnn-small-seed1", parameters: 21634, accuracy: 0.984, onManifold: 0.0073),
    RecordedStandard("cnn-small-seed2", parameters: 21634, accuracy: 0.977, onManifold: 0.0067),
    RecordedStandard("lenet-seed0", parameters: 1199882, accuracy: 0.978, onManifold: 0.0068),
    RecordedStandard("resnet-small-seed0", parameters: 35170, accuracy: 0.982, onManifold: 0.0057),
    RecordedStandard("resnet-small-seed1", parameters: 35170, accuracy: 0.981, onManifold: 0.0087),
    RecordedStandard("resnet-small-seed2", parameters: 35170, accuracy: 0.982, onManifold: 0.0063),
  ]
}
