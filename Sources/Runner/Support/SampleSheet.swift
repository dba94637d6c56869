import BenchCore
import Checkpoints
import Foundation
import Images

/// A picture of a task's images: one row per class.
enum SampleSheet {
  static func write(_ task: any BenchmarkTask, seed: UInt64, to path: String) throws {
    let columns = 8
    let set = try task.evaluationImages(count: min(task.defaultImageCount, 600), seed: seed)
    var cells: [[Float]] = []
    for label in 0..<task.classCount {
      let members = set.labels.indices.filter { set.labels[$0] == label }.prefix(columns)
      cells += members.map { Array(set.images.item($0)) }
      cells += [[Float]](repeating: [Float](repeating: 1, count: task.imageShape.count), count: columns - members.count)
    }
    let sheet = try ImageGrid(columns: columns, magnification: 3, gap: 4).draw(
      cells, channels: task.imageShape[0], height: task.imageShape[1], width: task.imageShape[2])
    try AtomicFile.write(PNG.encode(sheet), to: path)
    CommandLineOutput.note("wrote \(path)")
  }
}
