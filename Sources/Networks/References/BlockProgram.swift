import Graph
import Synchronization
import Tensor

/// A function of images as a program for a fixed number of them, run by several workers.
///
/// The number is not the user's `--batch`: every run is of a full block, the last one filled up with zeros, so that no
/// result depends on anything but its own image.
package final class BlockProgram: Sendable {
  /// Images per run.
  package let images: Int
  private let pool: WorkspacePool
  private let backend: any Backend

  /// - Parameters:
  ///   - file: whose network it is, for messages.
  ///   - graph: with inputs whose first extent is `images`; the usual one is `images`, `[images, C, H, W]`.
  ///   - output: whose elements belong to the images in order, the same number for each.
  ///   - threads: how many workspaces there will be at once.
  /// - Throws: `GraphError`, and `ModelError.memory` where the machine does not have what the workers need.
  package init(file: String, images: Int, graph: Graph, output: Graph.Value, threads: Int) throws {
    self.images = images
    backend = Engine.backend
    let program = try backend.compile(graph, outputs: [output])
    try program.checkMemory(file: file, images: images, workers: max(1, threads))
    pool = WorkspacePool(program)
  }

  /// Runs one block and gives the output's memory to `body`: the elements of the block's images.
  /// - Parameters:
  ///   - inputs: one for each input of the graph by its name, `[N, ...]` all of the same N.
  ///   - block: at most `images` of them.
  package func run<Result>(
    _ inputs: [String: Tensor], block: Range<Int>, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    try pool.withWorkspace { workspace in
      for (name, tensor) in inputs {
        let size = tensor.stride
        try tensor.scalars.withUnsafeBufferPointer {
          try workspace.set(
            name, to: UnsafeBufferPointer(rebasing: $0[block.lowerBound * size..<block.upperBound * size]))
        }
      }
      try workspace.run()
      let output = try workspace.outputBuffer(0)
      return try body(UnsafeBufferPointer(rebasing: output[..<(output.count / self.images * block.count)]))
    }
  }

  /// The results of all blocks, image by image, in order.
  /// - Parameter body: given the image's index and its elements.
  package func map<Result: Sendable>(
    _ images: Tensor, threads: Int, _ body: @Sendable (Int, UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> [Result] {
    try map(["images": images], threads: threads, body)
  }

  /// The same of a graph with other inputs, or several: pairs of images, images with their classes.
  /// - Precondition: each input of the graph is there, and all have as many images.
  package func map<Result: Sendable>(
    _ inputs: [String: Tensor], threads: Int, _ body: @Sendable (Int, UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> [Result] {
    guard let count = inputs.values.first?.batch else { preconditionFailure("a program without inputs") }
    precondition(inputs.values.allSatisfy { $0.batch == count }, "inputs of different numbers of images")
    let results = Mutex<[Int: Result]>([:])
    try Workers.forEachBlock(of: count, blockSize: self.images, threads: backend.workers(threads)) { block, _ in
      let here = try run(inputs, block: block) { output in
        let count = output.count / block.count
        return try block.enumerated().map { place, image in
          (image, try body(image, UnsafeBufferPointer(rebasing: output[place * count..<(place + 1) * count])))
        }
      }
      results.withLock { results in for (image, result) in here { results[image] = result } }
    }
    return results.withLock { results in (0..<count).compactMap { results[$0] } }
  }
}
