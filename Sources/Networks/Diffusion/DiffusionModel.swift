import BenchCore
import Graph
import Synchronization
import Tensor

/// A diffusion model as a program for scores at any noise level that it knows. Pixels in [0, 1] and noise in pixel units are brought
/// to the units the network was trained in: x = 2 p - 1, sigma = 2 s. The clean image goes in; nothing is added to it.
///
/// One program serves all noise levels and classes: what the network is told of them is an input, computed for each pair once.
/// A batch may mix classes.
package struct DiffusionModel: Sendable {
  package let file: String
  /// `[C, H, W]`.
  package let imageShape: Shape
  /// Nil for a model of all images.
  package let classes: Int?
  /// Whether the score without a class is that of all images.
  package let knowsAllImages: Bool
  package let learned: LearnedReference
  package let fingerprint: String
  private let preconditioning: any Preconditioning
  private let network: any DiffusionNetwork
  private let program: BlockProgram
  private let modulations: ModulationCache
  private let threads: Int

  /// What a file says of a model.
  struct Parts {
    let file: String
    let network: any DiffusionNetwork
    let preconditioning: any Preconditioning
    let learned: LearnedReference
    let fingerprint: String
  }

  /// - Parameter threads: results do not depend on it.
  /// - Throws: `GraphError`, `ModelError.memory`, `ReferenceError`.
  init(_ parts: Parts, threads: Int) throws {
    (file, network, preconditioning) = (parts.file, parts.network, parts.preconditioning)
    (learned, fingerprint) = (parts.learned, parts.fingerprint)
    imageShape = [network.channels, network.resolution, network.resolution]
    classes = network.classes > 0 ? network.classes : nil
    knowsAllImages = network.classes == 0 || network.hasNullClass
    self.threads = max(1, threads)
    modulations = ModulationCache()
    program = try Self.program(of: network, imageShape: imageShape, file: file, threads: self.threads)
  }

  // MARK: - The program

  /// Images that share a run at most, and the memory they may take together: results do not depend on either.
  private static let imagesPerRun = 16
  private static let runBytes = 256 << 20

  private static func program(
    of network: any DiffusionNetwork, imageShape: Shape, file: String, threads: Int
  ) throws -> BlockProgram {
    @Sendable func graph(images: Int) throws -> (graph: Graph, output: Graph.Value) {
      var graph = Graph()
      let pixels = graph.input("images", imageShape.prepending(images))
      let modulation = graph.input("modulation", [images, network.width])
      let output = try network.append(to: pixels, modulation: modulation, &graph)
      return (graph, output)
    }
    let single = try graph(images: 1)
    let plan = try ExecutablePlan(single.graph, outputs: [single.output], for: Engine.backend)
    guard plan.outputShapes == [imageShape.prepending(1)] else {
      throw ReferenceError.output(
        file: file, part: "network", got: plan.outputShapes[0].droppingFirst, expected: imageShape)
    }
    let bytes = max(1, plan.memory.arenaCount) * MemoryLayout<Float>.stride
    let images = max(1, min(imagesPerRun, runBytes / bytes))
    return try BlockProgram(file: file, images: images, threads: threads, function: graph)
  }

  // MARK: - Scores

  /// The score in pixel units, (D - p) / s^2 with the denoised image D in pixel units.
  /// - Parameters:
  ///   - images: `[N, C, H, W]`, pixels in [0, 1].
  ///   - classes: one of each image; nil for a vector of zeros where the network knows classes.
  ///   - noise: s, in pixel units.
  /// - Throws: `DiffusionError`, `ReferenceError.notFinite`, `GraphError.inputShape`.
  package func score(at images: Tensor, classes: [Int]? = nil, noise: Double) throws -> Tensor {
    let factors = try factors(noise: noise)
    // The network's image is twice the pixels'.
    return try combined(
      images, classes, factors, ofImage: 2 * factors.scoreOfImage, ofNetwork: 2 * factors.scoreOfNetwork)
  }

  /// D in [-1, 1] units.
  /// - Parameters, throws: as of the score.
  package func denoised(_ images: Tensor, classes: [Int]? = nil, noise: Double) throws -> Tensor {
    let factors = try factors(noise: noise)
    return try combined(images, classes, factors, ofImage: factors.skip, ofNetwork: factors.out)
  }

  private func factors(noise: Double) throws -> PreconditioningFactors {
    guard noise.isFinite, noise > 0 else { throw DiffusionError.invalidNoise(file: file, got: noise) }
    let factors = try preconditioning.factors(sigma: 2 * noise)
    guard factors.areFinite else { throw DiffusionError.invalidNoise(file: file, got: noise) }
    return factors
  }

  /// Images of one call to the program, whose classes are spelt out for each of them.
  private static let imagesPerCall = 256

  /// ofImage x + ofNetwork F(c_in x), in double precision but for F.
  private func combined(
    _ images: Tensor, _ classes: [Int]?, _ factors: PreconditioningFactors, ofImage: Double, ofNetwork: Double
  ) throws -> Tensor {
    guard images.shape.rank == 4, images.shape.droppingFirst == imageShape else {
      throw GraphError.inputShape(name: "images", expected: imageShape.prepending(images.batch), got: images.shape)
    }
    try check(classes, count: images.batch)
    var result: [Float] = []
    result.reserveCapacity(images.scalars.count)
    for start in stride(from: 0, to: images.batch, by: Self.imagesPerCall) {
      let range = start..<min(images.batch, start + Self.imagesPerCall)
      let pixels = images[batch: range]
      let scaled = Tensor(
        shape: pixels.shape, scalars: pixels.scalars.map { Float(factors.input * (2 * Double($0) - 1)) })
      let rows = range.flatMap { image in
        modulations.row(noise: factors.noise, label: classes?[image]) { network.modulation(noise: $0, label: $1) }
      }
      let inputs = ["images": scaled, "modulation": Tensor(shape: [range.count, network.width], scalars: rows)]
      let size = pixels.stride
      let values = try program.map(inputs, threads: threads) { image, output in
        guard output.allSatisfy(\.isFinite) else {
          throw ReferenceError.notFinite(file: file, what: "the network's output", image: start + image)
        }
        return pixels.scalars.withUnsafeBufferPointer { pixels in
          (0..<size).map { index in
            Float(ofImage * (2 * Double(pixels[image * size + index]) - 1) + ofNetwork * Double(output[index]))
          }
        }
      }
      for image in values { result += image }
    }
    return Tensor(shape: images.shape, scalars: result)
  }

  private func check(_ labels: [Int]?, count: Int) throws {
    guard let labels else { return }
    precondition(labels.count == count, "one class for each image")
    guard let classes else { throw DiffusionError.knowsNoClasses(file: file) }
    if let wrong = labels.first(where: { !(0..<classes).contains($0) }) {
      throw DiffusionError.label(file: file, got: wrong, classes: classes)
    }
  }
}

/// What a network is told of pairs of noise and class, computed once for each.
private final class ModulationCache: Sendable {
  private struct Key: Hashable {
    let noise: UInt64
    let label: Int?
  }

  /// Numbers that are kept: 64 MiB.
  private static let capacity = 1 << 24
  private let rows = Mutex<[Key: [Float]]>([:])

  func row(noise: Double, label: Int?, _ make: (Double, Int?) -> [Float]) -> [Float] {
    let key = Key(noise: noise.bitPattern, label: label)
    if let row = rows.withLock({ $0[key] }) { return row }
    let row = make(noise, label)
    rows.withLock { rows in
      if (rows.count + 1) * max(1, row.count) > Self.capacity { rows = [:] }
      rows[key] = row
    }
    return row
  }
}
