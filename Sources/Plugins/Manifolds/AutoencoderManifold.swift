import BenchCore
import Checkpoints
import Graph
import Networks
import Tensor

/// The image of a convolutional autoencoder's decoder: its tangent space at x is spanned by the columns of the decoder's
/// Jacobian at the encoding of x (Shao, Kumar, Fletcher, "The Riemannian Geometry of Deep Generative Models", 2018; what
/// the benchmark's paper uses on real images).
///
/// The Jacobian has k columns, the latent dimension, and as many rows as pixels, so forward mode gives it in k directions
/// where reverse mode takes one backward pass per pixel. All directions of an image are one batch
/// (`Graph.repeatedForwardMode`); they are orthonormalised by QR with column pivoting. Directions that the decoder ignores
/// are dropped, so a tangent space may have fewer dimensions than k.
package struct AutoencoderManifold: Manifold {
  package var id: String { AutoencoderPlugin.id }
  /// The latent dimension.
  package let dimension: Int
  package let learned: LearnedReference?
  package let fingerprint: String?
  private let program: BlockProgram
  private let file: String
  private let imageShape: Shape
  private let threads: Int

  /// A column whose part orthogonal to those before it is below this share of the longest column is not a direction: the
  /// Jacobian is computed in float32, whose sums over some thousand products are good to a few 1e-6 of the longest.
  static let relativeTolerance = 1e-5

  /// Rows of one run of the decoder: enough for long inner loops, few enough that a layer's activations stay in a cache.
  private static let rowsPerRun = 128

  init(_ network: AutoencoderNetwork, threads: Int) throws {
    let (images, k) = (max(1, Self.rowsPerRun / network.latentDimension), network.latentDimension)
    let (graph, derivative) = try Graph.repeatedForwardMode(
      images: images, directions: k, item: [k],
      point: { graph in
        try network.encode(graph.input("images", network.parts.imageShape.prepending(images)), &graph)
      },
      // Every unit vector of the latent space, for each image; constant, so that the decoder's first linear layers are
      // multiplied out once.
      tangent: { graph in
        graph.constant(
          Tensor(shape: [images * k, k]) { output in
            output.update(repeating: 0)
            for row in 0..<images * k { output[row * k + row % k] = 1 }
          })
      },
      network: { graph, code in try network.decode(code, &graph) })
    program = try BlockProgram(
      file: network.parts.file, images: images, graph: graph, output: derivative, threads: threads)
    dimension = k
    learned = network.parts.reference
    fingerprint = try network.parts.fingerprint()
    file = network.parts.file
    imageShape = network.parts.imageShape
    self.threads = max(1, threads)
  }

  /// - Throws: `GraphError.inputShape`, `ReferenceError.notFinite`, `LinearAlgebraError`.
  package func tangentBasis(at images: Tensor) throws -> TangentBasis {
    let bases = try jacobians(at: images) { image, columns in
      guard columns.allSatisfy(\.isFinite) else {
        throw ReferenceError.notFinite(file: file, what: "the decoder's Jacobian", image: image)
      }
      let matrix = Matrix(rows: dimension, columns: imageShape.count, scalars: columns.map(Double.init))
      let basis = try matrix.orthonormalRowBasis(relativeTolerance: Self.relativeTolerance)
      return Tensor(shape: [basis.rows, basis.columns], scalars: basis.scalars.map(Float.init))
    }
    return TangentBasis(bases: bases, assignment: Array(bases.indices))
  }

  /// The decoder's Jacobian at the encoding of each image, as rows: for each latent direction the change of all pixels,
  /// in pixel units.
  /// - Parameter body: given the image's index and its `dimension` x d numbers.
  func jacobians<Result: Sendable>(
    at images: Tensor, _ body: @Sendable (Int, UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> [Result] {
    guard images.shape.rank == 4, images.shape.droppingFirst == imageShape else {
      throw GraphError.inputShape(name: "images", expected: imageShape.prepending(images.batch), got: images.shape)
    }
    return try program.map(images, threads: threads, body)
  }
}

/// `--manifold autoencoder=FILE`.
package enum AutoencoderPlugin: ManifoldPlugin {
  package static let id = "autoencoder"
  package static let summary =
    "tangent spaces of a convolutional autoencoder's decoder, trained with `train --kind autoencoder`"

  package static func load(
    _ files: [ReferenceFile], _ options: ReferenceOptions
  ) throws -> any Manifold {
    try check(count: files.count)
    return try AutoencoderManifold(
      AutoencoderNetwork(files[0].checkpoint, files[0].description, options), threads: options.threads)
  }
}
