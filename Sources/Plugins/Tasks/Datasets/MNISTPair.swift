import BenchCore
import Foundation
import Mixtures
import Tensor

/// The task `mnist-3-5` of the direction paper: the digits 3 and 5 of MNIST, 11,552 to train on and 1,902 to test.
enum MNISTPair {
  static let task = PixelTaskPlugin(
    PixelTask.Definition(
      id: "mnist-3-5", version: 1, protocolConstants: MNIST.protocolConstants, calibration: .none, criteria: nil,
      settings: MNIST.mixtureSettings),
    files: ChosenClasses(name: "mnist-3-5", base: MNIST.files, classes: [3, 5]),
    summary:
      "the digits 3 and 5 of MNIST; manifold, score and reference from a mixture fitted to them",
    dataSource: MNIST.dataSource, references: [DirectionTasks.reference])
}

/// Some classes of a data set, in their files' order.
struct ChosenClasses: PixelFiles {
  /// The data set's: a part of its digest.
  var name: String
  var base: any PixelFiles
  /// By their labels there; here they are 0, 1 and so on.
  var classes: [Int]

  var requirement: String { base.requirement }
  var imageShape: Shape { base.imageShape }
  var classNames: [String] { chosen(base.classNames) }

  func load(_ directory: URL, threads: Int) throws -> PixelContent {
    let content = try base.load(directory, threads: threads)
    return PixelContent(
      classNames: chosen(content.classNames), train: chosen(content.train), test: chosen(content.test),
      remark: content.remark)
  }

  private func chosen(_ names: [String]) -> [String] { classes.filter(names.indices.contains).map { names[$0] } }

  private func chosen(_ all: PixelDataset) -> PixelDataset {
    let chosen = all.labels.indices.filter { classes.contains(all.labels[$0]) }
    return all.choosing(chosen, name: name, labels: chosen.compactMap { classes.firstIndex(of: all.labels[$0]) })
  }
}
