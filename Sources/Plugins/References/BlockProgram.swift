import CPU
import Graph
import Synchronization
import Tensor

/// A function of images as a program for a fixed number of them, run by several workers.
///
/// The number is not the user's `--batch`: every run is of a full block, the last one filled up with zeros, so that no
/// result depends on anything but its own image.
final class BlockProgram: Sendable {
  /// Images per run.
  let images: Int
  private let pool: WorkspacePool

  /// - Parameters:
  ///   - file: whose network it is, for messages.
  ///   - graph: with one input, named `images`, `[images, C, H, W]`.
  ///   - output: whose elements belong to the images in order, the same number for each.
  ///   - threads: how many workspaces there will be at once.
  /// - Throws: `GraphError`, and `ModelError.memory` where the machine does not have what the workers need.
  init(file: String, images: Int, graph: Graph, output: Graph.Value, threads: Int) throws {
    self.images = images
    let program = try CPUBackend().compile(graph, outputs: [output])
    try program.checkMemory(file: file, images: images, workers: max(1, threads))
    pool = WorkspacePool(program)
  }

  /// Runs one block and gives the output's memory to `body`: the elements of the block's images.
  /// - Parameter block: at most `images` of them.
  func run<Result>(
    _ images: Tensor, block: Range<Int>, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    try pool.withWorkspace { workspace in
      let pixels = images.stride
      try images.scalars.withUnsafeBufferPointer {
        try workspace.set(
          "images",
          to: UnsafeBufferPointer(rebasing: $0[block.lowerBound * pixels..<block.upperBound * pixels]))
      }
      try workspace.run()
      let output = try workspace.outputBuffer(0)
      return try body(UnsafeBufferPointer(rebasing: output[..<(output.count / self.images * block.count)]))
    }
  }

  /// The results of all blocks, image by image, in order.
  /// - Parameter body: given the image's index and its elements.
  func map<Result: Sendable>(
    _ images: Tensor, threads: Int, _ body: @Sendable (Int, UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> [Result] {
    let results = Mutex<[Int: Result]>([:])
    try Workers.forEachBlock(of: images.batch, blockSize: self.images, threads: threads) { block, _ in
      let here = try run(images, block: block) { output in
        let count = output.count / block.count
        return try block.enumerated().map { place, image in
          (image, try body(image, UnsafeBufferPointer(rebasing: output[place * count..<(place + 1) * count])))
        }
      }
      results.withLock { results in for (image, result) in here { results[image] = result } }
    }
    return results.withLock { results in (0..<images.batch).compactMap { results[$0] } }
  }
}
