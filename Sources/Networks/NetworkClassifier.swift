import BenchCore
import Graph
import Synchronization
import Tensor

/// A network as a classifier. Images are spread over workers in blocks; each worker runs its own workspace, so there is no
/// waiting inside the network and no result depends on batch size or threads.
final class NetworkClassifier: Classifier {
  let inputShape: Shape
  let classCount: Int
  private let network: any NetworkSource
  /// Images per pass at most.
  private let batch: Mutex<Int>
  private let lowersBatch: Bool
  private let memory: Int
  private let threads: Int
  /// That divide a call.
  private let workers: Int
  private let precision: Precision
  private let backend: any Backend
  /// Without gradients and already there, by their number of images.
  private let programs: [Int: any CompiledProgram]
  /// The graph of one image, where it had to be built; nil where trying the network has.
  private let single: (graph: Graph, images: Graph.Value, logits: Graph.Value)?
  /// Images of a pass at most, as the network's weights and maps have it.
  private let suitablePass: Int
  /// Compiled programs and their workspaces, by kind and batch size.
  private let pools = Mutex<[Key: WorkspacePool]>([:])
  /// Passes that a device has been seen to hold.
  private let fitting = Mutex<Set<Key>>([])

  private struct Key: Hashable {
    let batch: Int
    let withGradient: Bool
  }

  /// - Parameters:
  ///   - batch: images per pass.
  ///   - lowersBatch: whether it is lowered where a pass of so many takes too much memory; an error otherwise.
  ///   - memory: what the process may use, in bytes; nil for what the machine leaves it.
  ///   - tried: of this very network and precision.
  /// - Throws: `ModelError`, `CheckpointError`, `GraphError` where layers and tensors do not fit.
  init(
    _ network: any NetworkSource, batch: Int, lowersBatch: Bool = false, threads: Int, precision: Precision = .fast,
    memory: Int? = nil, backend: any Backend = Engine.backend,
    tried: TriedPrograms? = nil
  ) throws {
    self.precision = precision
    self.backend = backend
    self.network = network
    self.batch = Mutex(max(1, batch))
    self.lowersBatch = lowersBatch
    self.memory = memory ?? MemoryLimit.bytes
    self.threads = max(1, threads)
    workers = backend.workers(threads)
    inputShape = network.inputShape
    programs = Engine.isHost(backend) ? tried?.programs ?? [:] : [:]
    if let tried, let known = tried.programs.first?.value {
      (classCount, suitablePass, single) = (known.outputShapes[0][1], tried.suitablePass, nil)
    } else {
      let built = try network.graph(batch: 1)
      (classCount, suitablePass) = (built.graph.shape(of: built.logits)[1], ImagePasses.suitable(for: built.graph))
      single = built
    }
  }

  func logits(_ images: Tensor) throws -> Tensor {
    try check(images)
    let result = ResultBuffer(images.batch * classCount)
    try forEachPass(of: images.batch, withGradient: false) { range in
      try self.withWorkspace(count: range.count, withGradient: false) { workspace in
        try self.load(images, range, into: workspace)
        try workspace.run()
        result.write(
          try workspace.outputBuffer(0), count: range.count * self.classCount, at: range.lowerBound * self.classCount)
      }
    }
    return result.tensor([images.batch, classCount])
  }

  func inputGradients(
    at images: Tensor, cotangents: @Sendable (Tensor, Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    try check(images)
    let (count, pixels) = (images.batch, inputShape.count)
    // As many gradients as for any other number of images.
    guard count > 0 else {
      let none = Tensor(shape: [0, classCount], scalars: [])
      return (none, try cotangents(none, 0..<0).map { _ in images })
    }
    let logits = ResultBuffer(count * classCount)
    let gradients = Mutex<[ResultBuffer]>([])
    try forEachPass(of: count, withGradient: true) { range in
      try self.withWorkspace(count: range.count, withGradient: true) { workspace in
        try self.load(images, range, into: workspace)
        try workspace.runFirstStage()
        let here = Array(try workspace.outputBuffer(0)[..<(range.count * self.classCount)])
        here.withUnsafeBufferPointer {
          logits.write($0, count: here.count, at: range.lowerBound * self.classCount)
        }
        let vectors = try cotangents(Tensor(shape: [range.count, self.classCount], scalars: here), range)
        let buffers = gradients.withLock { buffers in
          while buffers.count < vectors.count { buffers.append(ResultBuffer(count * pixels)) }
          return buffers
        }
        for (vector, buffer) in zip(vectors, buffers) {
          precondition(vector.shape == [range.count, self.classCount], "a cotangent of shape \(vector.shape)")
          try vector.scalars.withUnsafeBufferPointer { try workspace.set("cotangent", to: $0) }
          try workspace.runSecondStage()
          buffer.write(try workspace.outputBuffer(1), count: range.count * pixels, at: range.lowerBound * pixels)
        }
      }
    }
    return (
      logits.tensor([count, classCount]), gradients.withLock { $0.map { $0.tensor(inputShape.prepending(count)) } }
    )
  }

  /// Compiles the programs of full batches. The one with the gradient first: it has all the weights of the other.
  func prepare(forImages count: Int) throws {
    for withGradient in [true, false] {
      let images = try passes(of: count, withGradient: withGradient).first?.count ?? 1
      _ = try pool(key(count: images, withGradient: withGradient))
    }
  }

  var imagesPerPass: Int? { batch.withLock { $0 } }

  /// What is kept for the next call: compiled programs, and workspaces that no worker is using.
  var kept: (programs: Int, workspaces: Int) {
    pools.withLock { ($0.count, $0.values.reduce(0) { $0 + $1.idleCount }) }
  }

  private func check(_ images: Tensor) throws {
    guard images.shape.rank == 4, images.shape.droppingFirst == inputShape else {
      throw GraphError.inputShape(name: "images", expected: inputShape.prepending(images.batch), got: images.shape)
    }
  }

  private func load(_ images: Tensor, _ range: Range<Int>, into workspace: any Workspace) throws {
    let pixels = inputShape.count
    try images.scalars.withUnsafeBufferPointer {
      try workspace.set(
        "images",
        to: UnsafeBufferPointer(rebasing: $0[range.lowerBound * pixels..<range.upperBound * pixels]))
    }
  }

  /// Calls `body` with the places of each pass's images, on several threads at once.
  private func forEachPass(
    of count: Int, withGradient: Bool, _ body: @Sendable (Range<Int>) throws -> Void
  ) throws {
    let passes = try passes(of: count, withGradient: withGradient)
    try Workers.forEachBlock(of: passes.count, blockSize: 1, threads: workers) { range, _ in
      for pass in passes[range] { try body(pass) }
    }
  }

  /// The batch at most, and of large images fewer: those of 3 x 224 x 224 take a hundred megabytes of a worker's each (ResNet-50), and
  /// what one layer leaves of eight of them is out of the cache when the next one reads it. Two in a pass have the speed of larger
  /// passes or a quarter above it (MobileNetV2). Of small images it depends on the weights (`ImagePasses.suitable`).
  ///
  /// All of the batch where the numbers of an image depend on how many there are: passes that are not full are filled up.
  private func passes(of count: Int, withGradient: Bool) throws -> [Range<Int>] {
    if backend.needsEqualRuns {
      // The larger pass decides, whichever is asked for first. Where there is none, the other one says what is wrong.
      if !withGradient { _ = try? fittingBatch(.max, withGradient: true) }
      let size = try fittingBatch(.max, withGradient: withGradient)
      return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
    }
    var largest = ImagePasses.program(for: max(1, count))
    while largest > 1, largest * inputShape.count > Self.passPixels { largest /= 2 }
    largest = min(largest, suitablePass)
    let threads = Workers.share(of: threads)
    let passes = ImagePasses.ranges(of: count, largest: min(largest, batch.withLock { $0 }), threads: threads)
    guard let most = passes.first?.count else { return [] }
    // Only a program that is to run is tried: to compile a larger one would be for nothing.
    let fitting = try fittingBatch(ImagePasses.program(for: most), withGradient: withGradient)
    return fitting < most ? ImagePasses.ranges(of: count, largest: fitting, threads: threads) : passes
  }

  /// Numbers of the images of a pass.
  private static let passPixels = 1 << 19

  /// The batch, at most `size`; lowered by halves until a pass fits into memory.
  private func fittingBatch(_ size: Int, withGradient: Bool) throws -> Int {
    while true {
      let size = min(size, batch.withLock { $0 })
      guard lowersBatch, size > 1 else { return size }
      if try fits(key(count: size, withGradient: withGradient)) { return size }
      batch.withLock { $0 = min($0, size / 2) }
    }
  }

  private func fits(_ key: Key) throws -> Bool {
    do {
      let pool = try pool(key)
      guard pool.program.fits(workers: threads, memory: memory) else { return false }
      // Whether a device has the memory, nothing but a run tells; the size must not change once images were measured.
      if backend.needsEqualRuns, fitting.withLock({ $0.insert(key).inserted }) {
        try runTogether(pool, pool.program.mostWorkspaces ?? 1)
      }
      return true
    } catch let error as GraphError {
      fitting.withLock { _ = $0.remove(key) }
      switch error {
      case .tooLarge, .allocation, .deviceMemory:
        // It would go on holding memory.
        pools.withLock { $0[key] = nil }
        return false
      default: throw error
      }
    } catch let error as ModelError {
      guard case .memory = error else { throw error }
      return false
    }
  }

  /// As many runs as there may be at once, each keeping what its second stage reads.
  private func runTogether(_ pool: WorkspacePool, _ count: Int) throws {
    guard count > 0 else { return }
    try pool.withWorkspace {
      try $0.run()
      try runTogether(pool, count - 1)
    }
  }

  /// Runs `body` with a workspace for at least `count` images: the next power of two, so that few programs are made.
  private func withWorkspace(count: Int, withGradient: Bool, _ body: (any Workspace) throws -> Void) throws {
    try pool(key(count: count, withGradient: withGradient)).withWorkspace(body)
  }

  private func key(count: Int, withGradient: Bool) -> Key {
    if backend.needsEqualRuns { return Key(batch: batch.withLock { $0 }, withGradient: withGradient) }
    let size = ImagePasses.program(for: count)
    return Key(batch: min(size, max(batch.withLock { $0 }, count)), withGradient: withGradient)
  }

  private func pool(_ key: Key) throws -> WorkspacePool {
    // Held while compiling, so that two workers do not do the same work.
    try pools.withLock { pools in
      if let known = pools[key] { return known }
      let other = (pools.first { $0.key.withGradient } ?? pools.first)?.value.program ?? programs.first?.value
      let program = try compile(key, sharingConstantsOf: other)
      try program.checkMemory(file: network.file, images: key.batch, workers: threads, memory: memory)
      let pool = WorkspacePool(program)
      pools[key] = pool
      return pool
    }
  }

  private func compile(
    _ key: Key, sharingConstantsOf other: (any CompiledProgram)?
  ) throws -> any CompiledProgram {
    if !key.withGradient, let known = programs[key.batch] { return known }
    try network.requireUnchanged()
    let known = key.batch == 1 ? single : nil
    var (graph, images, logits) = try known ?? network.graph(batch: key.batch)
    var outputs = [logits]
    if key.withGradient {
      let cotangent = graph.input("cotangent", [key.batch, classCount])
      outputs.append(contentsOf: try graph.gradient(of: [(logits, cotangent)], withRespectTo: [images]))
    }
    return try backend.compile(
      graph, outputs: outputs, lateInputs: ["cotangent"], precision: precision, sharingConstantsOf: other,
      threads: threads)
  }
}

/// What trying a network has compiled, without gradients and for this processor, so that it need not be compiled again.
struct TriedPrograms {
  /// By their number of images. Not used where the network is computed elsewhere.
  let programs: [Int: any CompiledProgram]
  /// See `ImagePasses.suitable`.
  let suitablePass: Int
}

/// Memory that workers fill, each its own part.
private final class ResultBuffer: @unchecked Sendable {
  // Workers write disjoint ranges, and the result is read after all have ended.
  private let base: UnsafeMutablePointer<Float>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    base = .allocate(capacity: max(1, count))
    base.initialize(repeating: 0, count: count)
  }

  deinit { base.deallocate() }

  func write(_ values: UnsafeBufferPointer<Float>, count: Int, at offset: Int) {
    if let source = values.baseAddress { (base + offset).update(from: source, count: count) }
  }

  func tensor(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, scalars: Array(UnsafeBufferPointer(start: base, count: count)))
  }
}
