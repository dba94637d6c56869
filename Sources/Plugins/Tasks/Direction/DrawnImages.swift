import BenchCore
import Tensor

/// Labelled images that are drawn when they are asked for: image i is a function of seed, split and i alone.
struct DrawnImages: LabelledImages {
  let name: String
  let imageShape: Shape
  let classCount: Int
  let labels: [Int]
  /// Writes the image of an index and its label.
  private let draw: @Sendable (_ index: Int, _ label: Int, _ output: UnsafeMutableBufferPointer<Float>) -> Void

  /// - Parameters:
  ///   - count: of the images, the first ones of a sequence without end.
  ///   - labels: the stream of their classes, each with the same probability.
  /// - Throws: `DatasetError.tooManyImages` where not even the labels would fit into memory.
  init(
    name: String, imageShape: Shape, classCount: Int, count: Int, labels stream: RandomStream,
    draw: @escaping @Sendable (_ index: Int, _ label: Int, _ output: UnsafeMutableBufferPointer<Float>) -> Void
  ) throws(DatasetError) {
    precondition(count >= 0, "a negative number of images")
    let largest = MemoryLimit.bytes / (4 * MemoryLayout<Int>.stride)
    guard count <= largest else { throw .tooManyImages(task: name, count: count, largest: largest) }
    self.name = name
    self.imageShape = imageShape
    self.classCount = classCount
    self.draw = draw
    labels = (0..<count).map { stream.integers(item: $0, count: 1, below: classCount)[0] }
  }

  func copyImage(_ index: Int, to output: UnsafeMutableBufferPointer<Float>) { draw(index, labels[index], output) }

  /// All of them.
  /// - Throws: `DatasetError.tooManyImages` where memory does not hold them, `CancellationError`.
  func set(split: DataSplit, mask: [Bool]?, threads: Int, progress: any ProgressReporter) throws -> ImageSet {
    let size = imageShape.count
    // They are held twice while blocks of them are joined.
    let largest = MemoryLimit.bytes / (2 * MemoryLayout<Float>.stride * size)
    guard count <= largest else { throw DatasetError.tooManyImages(task: name, count: count, largest: largest) }
    let ranges = stride(from: 0, to: count, by: 16).map { $0..<min(count, $0 + 16) }
    let blocks = try Workers.map(ranges.count, threads: threads) { index in
      try progress.advance(by: 0)
      return try images(ranges[index])
    }
    return ImageSet(
      name: name, split: split.rawValue,
      images: blocks.isEmpty ? Tensor(shape: imageShape.prepending(0), scalars: []) : .concatenating(blocks),
      labels: labels, signalMask: mask.map { SignalMask($0, count: count) })
  }
}
