import BenchCore
import Foundation
import Tensor

/// Image files that are decoded when they are asked for, each time anew: so as many of them as there are may be measured in little memory.
struct ImageFiles: PixelSource {
  struct File: Sendable {
    let url: URL
    /// For messages.
    let name: String
    let label: Int
  }

  let files: [File]
  /// Its shape is known.
  let fitting: ImageFitting

  /// Bytes of a split's images up to which they are decoded once and kept.
  static let largestKept = 1 << 29

  func copyBytes(of index: Int, to output: UnsafeMutableBufferPointer<UInt8>) throws {
    // A photograph takes long, and whoever asks to stop waits for no more than one.
    try Cancellation.current?.check()
    _ = output.update(fromContentsOf: try fitting.planes(files[index].url, named: files[index].name))
  }

  /// The images in the order given: in memory where they are small enough together, which is faster, and otherwise as they lie.
  /// - Throws: `DatasetError`, `ImageError`: where all are decoded now, the first one's in the order given; `CancellationError`.
  func dataset(name: String, split: String, order: [Int], keeping largest: Int = largestKept, threads: Int) throws
    -> PixelDataset
  {
    let shape = Shape(fitting.shape ?? [])
    let size = shape.count
    let labels = order.map { files[$0].label }
    let chosen = PixelDataset(
      name: name, split: split, imageShape: shape,
      source: ImageFiles(files: order.map { files[$0] }, fitting: fitting), labels: labels)
    return files.count <= largest / max(1, size) ? try chosen.inMemory(threads: threads) : chosen
  }
}
