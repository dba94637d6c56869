import BenchCore
import Checkpoints
import Foundation
import Images

/// A picture of a task's images: one row per class, of very many classes the first ones.
enum SampleSheet {
  private static let columns = 8
  private static let mostRows = 100
  private static let rowsOfMany = 20

  /// - Parameter width: of an image.
  private static func layout(_ width: Int) -> ImageGrid {
    ImageGrid(columns: columns, magnification: width > 64 ? 1 : 3, gap: 4)
  }

  /// Looks whether the picture can be written, before the task is made.
  /// - Throws: `OutputPlaceError`.
  static func check(_ path: String, of plugin: any TaskPlugin) throws {
    let width = plugin.facts.imageShape.map { layout($0[2]).width(of: columns, imagesOf: $0[2]) } ?? 0
    try OutputPlace.check(URL(fileURLWithPath: path), as: .sampleSheet(width: width))
  }

  static func write(_ task: any BenchmarkTask, seed: UInt64, to path: String) throws {
    let set = try task.evaluationImages(count: min(task.defaultImageCount, 600), seed: seed)
    var cells: [[Float]] = []
    for label in 0..<(task.classCount > mostRows ? rowsOfMany : task.classCount) {
      let members = set.labels.indices.filter { set.labels[$0] == label }.prefix(columns)
      cells += members.map { Array(set.images.item($0)) }
      cells += [[Float]](repeating: [Float](repeating: 1, count: task.imageShape.count), count: columns - members.count)
    }
    let sheet = try layout(task.imageShape[2]).draw(
      cells, channels: task.imageShape[0], height: task.imageShape[1], width: task.imageShape[2])
    try Folder.make(URL(fileURLWithPath: path).deletingLastPathComponent())
    try AtomicFile.write(PNG.encode(sheet), to: path)
    CommandLineOutput.note("wrote \(path)")
  }
}
