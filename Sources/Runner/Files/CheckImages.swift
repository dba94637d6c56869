import BenchCore
import Foundation
import Tensor

/// Where the images come from that a model is checked with.
enum CheckImages {
  /// No multiple of any batch size, and enough that a class that never wins is noticed.
  static let defaultCount = 11

  case task(any TaskPlugin, TaskOptions, Shape?)
  /// Uniform in [0, 1]; the shape is the network's own where nil.
  case random(Shape?, reason: String)

  /// - Parameter taskID: nil for random pixels.
  init(
    taskID: String?, shape: Shape?, data: String?, threads: Int, progress: any ProgressReporter
  ) throws {
    guard let taskID else {
      self = .random(shape, reason: "no task is known; pass --task to use its images")
      return
    }
    let plugin = try TaskLookup.plugin(taskID)
    let folder = TaskLookup.dataFolder(taskID, given: data)
    guard plugin.dataRequirement == nil || folder != nil else {
      self = .random(
        shape ?? plugin.facts.imageShape,
        reason: "the data of task \(taskID) were not given; pass --data to use its images")
      return
    }
    self = .task(
      plugin,
      TaskOptions(dataDirectory: folder, cacheDirectory: nil, threads: threads, progress: progress),
      plugin.facts.imageShape)
  }

  var imageShape: Shape? {
    switch self {
    case .task(_, _, let shape), .random(let shape, _): shape
    }
  }

  struct Chosen {
    /// `[N, C, H, W]`.
    let images: Tensor
    /// In words.
    let origin: String
  }

  /// - Parameter shape: the network's `[C, H, W]`.
  func images(count: Int, seed: UInt64, shape: Shape) throws -> Chosen {
    switch self {
    case .task(let plugin, let options, _):
      return Chosen(
        images: try plugin.evaluationImages(options, count: count, seed: seed).images,
        origin: "\(count) images of task \(plugin.id), seed \(seed)")
    case .random(_, let reason):
      let random = RandomStream(seed: seed, name: "model check")
      return Chosen(
        images: Tensor(
          shape: shape.prepending(count),
          scalars: (0..<count).flatMap { random.uniforms(item: $0, count: shape.count).map(Float.init) }),
        origin: "\(count) images of random pixels, seed \(seed) (\(reason))")
    }
  }
}

extension LoadOptions {
  /// With which the same model has to give the same numbers.
  var withOtherBatchAndThreads: LoadOptions {
    var other = self
    (other.batch, other.threads) = (batch == 1 ? 3 : 1, threads == 1 ? 2 : 1)
    return other
  }
}
