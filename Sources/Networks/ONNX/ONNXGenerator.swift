import BenchCore
import Checkpoints
import Graph
import Synchronization
import Tensor

/// A user's generator of images, G(z, c), as an ONNX graph, and the projection onto what it can make of a class (Bigolin Lanfredi et al. 2023):
/// the way from x to class c is G(z*, c) - x, where z*, from 0 on, is found by Adam
///
///     first on mean((G(z, c) - x)^2), then, with a new Adam, on that plus penalty * mean(z^2)
///
/// The graph has two inputs: z, `[N, d]`, and the class, one-hot `[N, K]` or whole numbers `[N]`; its output is `[N, C, H, W]`.
package struct ONNXGenerator: Sendable {
  /// How z* is looked for; the paper's for squares.
  package struct Projection: Sendable, Equatable {
    /// Without the penalty, and then with it.
    package var steps = [600, 150]
    package var learningRate = 0.2
    /// The paper's for MNIST is 1.5.
    package var penalty = 0.03

    package init() {}
  }

  package let projection: Projection
  package let latentDimension: Int
  private let file: String
  private let imageShape: Shape
  private let classCount: Int
  private let threads: Int
  /// Images per run: those that the file fixes, else 1.
  private let batch: Int
  /// One for all classes, where they are given as numbers of the graph; else one for each.
  private let programs: [WorkspacePool]
  private let classInput: String?

  private static let largestLatent = 65536
  private static let (latentName, targetName, penaltyName) = ("latent", "target", "penalty")

  /// - Parameters:
  ///   - preprocessing: the graph's output is (pixel - mean) / std; nil for pixels themselves.
  ///   - imageShape: `[C, H, W]`.
  ///   - threads: no number depends on them.
  /// - Throws: `ONNXImportError`, `CheckpointError`, `GraphError`, `ModelError.memory`.
  package init(
    _ checkpoint: CheckpointFile, preprocessing: Preprocessing?, imageShape: Shape, classCount: Int,
    projection: Projection = Projection(), threads: Int
  ) throws {
    let model = try ONNXReader.model(of: checkpoint)
    let inputs = try Inputs(model, classCount: classCount)
    file = model.file
    self.projection = projection
    (self.imageShape, self.classCount, self.threads) = (imageShape, classCount, max(1, threads))
    latentDimension = inputs.latentDimension
    batch = inputs.batch ?? 1
    classInput = inputs.takesNumbers ? nil : inputs.classes
    let (batch, workers) = (self.batch, self.threads)
    programs = try (0..<(inputs.takesNumbers ? classCount : 1)).map { label in
      var graph = Graph()
      let latent = graph.input(Self.latentName, [batch, inputs.latentDimension])
      let target = graph.input(Self.targetName, imageShape.prepending(batch))
      let penalty = graph.input(Self.penaltyName, [batch, 1])
      let kind: ImportedValue =
        inputs.takesNumbers
        ? .integers(IntegerTensor([Int](repeating: label, count: batch)))
        : .real(graph.input(inputs.classes, [batch, classCount]))
      var importer = GraphImporter(
        graph, model, ONNXConstants(model), images: batch, elements: inputs.latentDimension + classCount)
      let value = try importer.run([inputs.latent: .real(latent), inputs.classes: kind])[0].value(in: &importer.graph)
      graph = importer.graph
      guard graph.shape(of: value) == imageShape.prepending(batch) else {
        throw ONNXImportError.outputs(
          file: model.file,
          reason:
            "the generator makes \(graph.shape(of: value)), expected \(imageShape.prepending(batch)) for the task's images"
        )
      }
      var image = value
      if let preprocessing, preprocessing != .identity(channels: imageShape[0]) {
        let column: Shape = [1, imageShape[0], 1, 1]
        image = try graph.add(
          graph.multiply(image, graph.constant(Tensor(shape: column, scalars: preprocessing.std))),
          graph.constant(Tensor(shape: column, scalars: preprocessing.mean)))
      }
      let difference = try graph.subtract(image, target)
      let misfit = try graph.multiply(
        graph.sum(graph.multiply(difference, difference), axes: [0, 1, 2, 3]),
        graph.constant(1 / Float(imageShape.count)))
      let length = try graph.multiply(
        graph.sum(graph.multiply(penalty, graph.multiply(latent, latent)), axes: [0, 1]),
        graph.constant(1 / Float(inputs.latentDimension)))
      // Sums over images, so that each one's derivative is that of its own loss.
      let loss = try graph.add(graph.reshape(misfit, to: []), graph.reshape(length, to: []))
      let gradient = try graph.gradient(of: loss, withRespectTo: [latent])[0]
      let program = try Engine.backend.compile(graph, outputs: [gradient, image])
      try program.checkMemory(file: model.file, images: batch, workers: workers)
      return WorkspacePool(program)
    }
  }

  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - labels: where each is to go.
  /// - Returns: G(z*, c) - x, `[N, C, H, W]`.
  /// - Throws: `ReferenceError.notFinite`, and what the backend throws.
  package func ways(from images: Tensor, towards labels: [Int]) throws -> Tensor {
    let size = imageShape.count
    // A run has one program, so only images of one class where each has its own.
    let groups =
      programs.count == 1
      ? [Array(labels.indices)]
      : (0..<classCount).map { label in
        labels.indices.filter { labels[$0] == label }
      }
    let blocks = groups.flatMap { group in
      stride(from: 0, to: group.count, by: batch).map { Array(group[$0..<min(group.count, $0 + batch)]) }
    }
    let found = Mutex<[Int: [Float]]>([:])
    try Workers.forEachBlock(of: blocks.count, blockSize: 1, threads: threads) { range, _ in
      for block in range {
        let members = blocks[block]
        let made = try project(members.map { images.item($0) }, members.map { labels[$0] })
        found.withLock { found in
          for (place, member) in members.enumerated() {
            let closest = made[place * size..<(place + 1) * size]
            found[member] = zip(closest, images.item(member)).map { $0 - $1 }
          }
        }
      }
    }
    let rows = found.withLock { found in labels.indices.map { found[$0] ?? [] } }
    if let image = rows.firstIndex(where: { !$0.allSatisfy(\.isFinite) }) {
      throw ReferenceError.notFinite(file: file, what: "what the generator makes", image: image)
    }
    return Tensor(shape: images.shape, scalars: rows.flatMap { $0 })
  }

  /// - Returns: G(z*, c) of each, one after the other; what fills up the block is left in.
  private func project(_ targets: [ArraySlice<Float>], _ labels: [Int]) throws -> [Float] {
    let d = latentDimension
    var latent = [Float](repeating: 0, count: batch * d)
    let padding = batch - targets.count
    let target = targets.flatMap { $0 } + [Float](repeating: 0, count: padding * imageShape.count)
    let classes = (labels + [Int](repeating: labels[0], count: padding)).flatMap { label in
      (0..<classCount).map { Float($0 == label ? 1 : 0) }
    }
    return try programs[programs.count == 1 ? 0 : labels[0]].withWorkspace { workspace in
      func set(_ name: String, _ values: [Float]) throws {
        try values.withUnsafeBufferPointer { try workspace.set(name, to: $0) }
      }
      try set(Self.targetName, target)
      if let classInput { try set(classInput, classes) }
      for (stage, steps) in projection.steps.enumerated() {
        try set(Self.penaltyName, [Float](repeating: stage == 0 ? 0 : Float(projection.penalty), count: batch))
        var (means, squares) = ([Double](repeating: 0, count: batch * d), [Double](repeating: 0, count: batch * d))
        for step in 1...max(1, steps) where steps > 0 {
          try Cancellation.current?.check()
          try set(Self.latentName, latent)
          try workspace.run()
          let gradient = try workspace.outputBuffer(0)
          let (first, second) = (1 - Self.power(0.9, step), 1 - Self.power(0.999, step))
          for index in latent.indices {
            let g = Double(gradient[index])
            means[index] = 0.9 * means[index] + 0.1 * g
            squares[index] = 0.999 * squares[index] + 0.001 * g * g
            latent[index] -= Float(
              projection.learningRate * (means[index] / first) / ((squares[index] / second).squareRoot() + 1e-8))
          }
        }
      }
      try set(Self.latentName, latent)
      try workspace.run()
      return Array(try workspace.outputBuffer(1))
    }
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }

  /// Which input is which.
  private struct Inputs {
    let latent: String
    let latentDimension: Int
    let classes: String
    let takesNumbers: Bool
    let batch: Int?

    /// - Throws: `ONNXImportError.inputs`.
    init(_ model: ONNXModel, classCount: Int) throws {
      func failure(_ reason: String) -> ONNXImportError {
        .inputs(
          file: model.file,
          reason:
            "\(reason); a generator takes a vector [N, d] and a class, one-hot [N, \(classCount)] or whole numbers [N]")
      }
      let inputs = model.graph.inputs
      guard inputs.count == 2 else { throw failure("the graph has \(inputs.count) inputs, expected two") }
      func width(_ input: ONNXValueInfo) -> Int? {
        guard let shape = input.shape, shape.count == 2, case .fixed(let count) = shape[1] else { return nil }
        return count
      }
      func isReal(_ input: ONNXValueInfo) -> Bool { input.elementType?.dtype?.isFloatingPoint ?? false }
      let numbers = inputs.first { !isReal($0) && $0.shape?.count == 1 }
      // Of two that could be classes the second is taken.
      let rows = inputs.last { isReal($0) && width($0) == classCount }
      guard let classes = numbers ?? rows, let latent = inputs.first(where: { $0.name != classes.name }),
        isReal(latent), let dimension = width(latent), (1...ONNXGenerator.largestLatent).contains(dimension)
      else {
        throw failure(
          "the inputs are "
            + inputs.map { "`\($0.name)` of shape \($0.shape.map { "\($0.count) axes" } ?? "unknown")" }
            .joined(separator: " and "))
      }
      let declared = inputs.compactMap { input -> Int? in
        if case .fixed(let count)? = input.shape?.first { count } else { nil }
      }
      guard Set(declared).count <= 1, declared.allSatisfy({ (1...4096).contains($0) }) else {
        throw failure("the inputs are for \(declared.map(String.init).joined(separator: " and ")) images")
      }
      (self.latent, latentDimension, self.classes, takesNumbers, batch) = (
        latent.name, dimension, classes.name, numbers != nil, declared.first
      )
    }
  }
}
