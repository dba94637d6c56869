import Graph
import Synchronization
import Tensor

/// A function of images as a program for a fixed number of them, run by several workers.
///
/// The number is not the user's `--batch`: every run is of a full block, the last one filled up with zeros, so that no
/// result depends on anything but its own image. Where a run is expensive there are programs for fewer images, too, on backends
/// whose numbers do not depend on how many there are.
package final class BlockProgram: Sendable {
  package typealias Function = @Sendable (_ images: Int) throws -> (graph: Graph, output: Graph.Value)

  /// Images per run, at most.
  package let images: Int
  private let file: String
  private let workers: Int
  private let backend: any Backend
  private let function: Function?
  /// By images per run.
  private let pools: Mutex<[Int: WorkspacePool]>

  /// - Parameters:
  ///   - file: whose network it is, for messages.
  ///   - graph: with inputs whose first extent is `images`; the usual one is `images`, `[images, C, H, W]`.
  ///   - output: whose elements belong to the images in order, the same number for each.
  ///   - threads: how many workspaces there will be at once.
  /// - Throws: `GraphError`, and `ModelError.memory` where the machine does not have what the workers need.
  package convenience init(file: String, images: Int, graph: Graph, output: Graph.Value, threads: Int) throws {
    try self.init(file: file, images: images, threads: threads, first: (graph, output), function: nil)
  }

  /// One that has programs for fewer images, too.
  package convenience init(file: String, images: Int, threads: Int, function: @escaping Function) throws {
    try self.init(file: file, images: images, threads: threads, first: function(images), function: function)
  }

  private init(
    file: String, images: Int, threads: Int, first: (graph: Graph, output: Graph.Value), function: Function?
  ) throws {
    (self.file, self.images, workers) = (file, images, max(1, threads))
    backend = Engine.backend
    self.function = backend.needsEqualRuns ? nil : function
    pools = Mutex([:])
    let pool = try pool(first, images: images, sharing: nil)
    pools.withLock { $0[images] = pool }
  }

  private func pool(
    _ function: (graph: Graph, output: Graph.Value), images: Int, sharing other: WorkspacePool?
  ) throws -> WorkspacePool {
    let program = try backend.compile(
      function.graph, outputs: [function.output], sharingConstantsOf: other?.program)
    try program.checkMemory(file: file, images: images, workers: workers)
    return WorkspacePool(program)
  }

  /// That of the smallest run for so many images.
  private func pool(for count: Int) throws -> (pool: WorkspacePool, images: Int) {
    let size = runSize(for: count)
    // Held while compiling, so that two workers do not do the same work.
    return try pools.withLock { pools in
      if let known = pools[size] { return (known, size) }
      guard let function else { preconditionFailure("a program of \(images) images only") }
      let made = try pool(function(size), images: size, sharing: pools[images])
      pools[size] = made
      return (made, size)
    }
  }

  /// Images of the smallest run for so many.
  private func runSize(for count: Int) -> Int {
    function == nil ? images : min(ImagePasses.program(for: count), images)
  }

  /// Runs one block and gives the output's memory to `body`: the elements of the block's images.
  /// - Parameters:
  ///   - inputs: one for each input of the graph by its name, `[N, ...]` all of the same N.
  ///   - block: at most `images` of them.
  package func run<Result>(
    _ inputs: [String: Tensor], block: Range<Int>, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    let (pool, images) = try pool(for: block.count)
    return try pool.withWorkspace { workspace in
      for (name, tensor) in inputs {
        let size = tensor.stride
        try tensor.scalars.withUnsafeBufferPointer {
          try workspace.set(
            name, to: UnsafeBufferPointer(rebasing: $0[block.lowerBound * size..<block.upperBound * size]))
        }
      }
      try workspace.run()
      let output = try workspace.outputBuffer(0)
      return try body(UnsafeBufferPointer(rebasing: output[..<(output.count / images * block.count)]))
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
    let workers = backend.workers(threads)
    // So that each worker has a block.
    let size = runSize(for: (count + workers - 1) / workers)
    try Workers.forEachBlock(of: count, blockSize: size, threads: workers) { block, _ in
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
