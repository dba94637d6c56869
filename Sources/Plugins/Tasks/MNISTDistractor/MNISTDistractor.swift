import BenchCore
import Mixtures

/// The tasks `mnist-distractor`, `block-mnist` and `block-mnist-top`: a digit of MNIST and a pattern that says nothing of it, one
/// above the other, so that which pixels carry the label is known in every image.
enum MNISTDistractor {
  static let letterA = PixelTaskPlugin(
    definition("mnist-distractor"), files: files("mnist-distractor", .letterA, .either),
    summary:
      "MNIST digits above or below the letter A, which says nothing of them; which pixels carry the label is known",
    dataSource: MNIST.dataSource,
    references: [
      "Srinivas, Bordt, Lakkaraju: Which Models have Perceptually-Aligned Gradients? NeurIPS 2023, section 4.3"
    ])

  static let nullBlock = PixelTaskPlugin(
    definition("block-mnist"), files: files("block-mnist", .nullBlock, .either),
    summary: "MNIST digits above or below a block that is the same in every image (BlockMNIST)",
    dataSource: MNIST.dataSource, references: [blockMNIST])

  static let nullBlockBelow = PixelTaskPlugin(
    definition("block-mnist-top"), files: files("block-mnist-top", .nullBlock, .top),
    summary: "MNIST digits, always above a block that is the same in every image (BlockMNIST-Top)",
    dataSource: MNIST.dataSource, references: [blockMNIST])

  private static let blockMNIST =
    "Shah, Jain, Netrapalli: Do Input Gradients Highlight Discriminative Features? NeurIPS 2021, section 5"

  /// Neither manifold nor density is fitted: the pattern's pixels have no variance, so every direction in them is off every tangent
  /// space whatever a model makes of it, and the rule would judge that and not the model. Sensitivity to noise on either block
  /// is what these tasks measure.
  private static func definition(_ id: String) -> PixelTask.Definition {
    PixelTask.Definition(
      id: id, version: 1, protocolConstants: MNIST.protocolConstants, calibration: .none, criteria: nil, settings: nil)
  }

  private static func files(
    _ name: String, _ pattern: DistractorPattern, _ position: DistractorFiles.Position
  ) -> DistractorFiles {
    DistractorFiles(name: name, signal: MNIST.files, pattern: pattern, position: position)
  }
}
