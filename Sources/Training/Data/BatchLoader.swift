import BenchCore
import Foundation
import Graph
import Tensor

/// A direction for each image, such as the gradient of the density's own classifier there; `[N, C, H, W]`.
package typealias Directions = @Sendable (_ images: Tensor, _ labels: [Int]) throws -> Tensor

/// Fills a step's inputs: which images, how augmented, with which noise. All of it is a function of the seed, the epoch and
/// the place in it.
struct BatchLoader {
  let images: any LabelledImages
  let directions: Directions?
  private let batch: Int
  private let threads: Int
  private let seed: UInt64
  private let order: RandomStream
  private let augmentation: Augmentation
  /// Of all images, where augmentation does not change them and memory holds them: 1 GiB.
  private let fixedDirections: Tensor?

  init(
    _ images: any LabelledImages, directions: Directions?, configuration: TrainingConfiguration, threads: Int
  ) throws {
    self.images = images
    self.directions = directions
    self.threads = threads
    batch = configuration.batch
    seed = configuration.seed
    order = RandomStream(seed: seed, name: "training/order")
    augmentation = Augmentation(configuration.augmentation, imageShape: images.imageShape, seed: seed)
    fixedDirections =
      configuration.augmentation.isNone && images.count * images.imageShape.count <= Self.largestFixed
      ? try directions.map { try $0(try images.images(0..<images.count), images.labels) } : nil
  }

  /// Numbers of all directions together.
  static let largestFixed = 1 << 28

  var stepsPerEpoch: Int { images.count / batch }

  /// The images of an epoch, in the order in which batches take them.
  func order(epoch: Int) -> [Int] { order.permutation(item: epoch, count: images.count) }

  /// - Parameters:
  ///   - workspace: of a step with these inputs.
  ///   - indices: the images of the batch.
  func fill(
    _ workspace: any Workspace, _ inputs: StepInputs, _ indices: ArraySlice<Int>, epoch: Int, globalStep: Int
  ) throws {
    let size = images.imageShape.count
    if let target = try workspace.inputBuffer(TrainingGraph.imagesInput) {
      var scratch = [Float](repeating: 0, count: size)
      try scratch.withUnsafeMutableBufferPointer { scratch in
        for (place, index) in indices.enumerated() {
          let image = UnsafeMutableBufferPointer(rebasing: target[place * size..<(place + 1) * size])
          try images.copyImage(index, to: image)
          augmentation.apply(item: epoch * images.count + index, to: image, scratch: scratch)
        }
      }
    }
    if let target = try workspace.inputBuffer(TrainingGraph.labelsInput) {
      let classes = target.count / batch
      target.update(repeating: 0)
      for (place, index) in indices.enumerated() { target[place * classes + images.labels[index]] = 1 }
    }
    if let target = try workspace.inputBuffer(TrainingGraph.directionsInput) {
      try fillDirections(target, workspace, indices)
    }
    for noise in inputs.noises { try fill(noise, in: workspace, globalStep: globalStep) }
  }

  private func fillDirections(
    _ target: UnsafeMutableBufferPointer<Float>, _ workspace: any Workspace, _ indices: ArraySlice<Int>
  ) throws {
    let size = images.imageShape.count
    if let fixedDirections {
      for (place, index) in indices.enumerated() {
        for (offset, value) in fixedDirections.item(index).enumerated() { target[place * size + offset] = value }
      }
    } else if let directions, let current = try workspace.inputBuffer(TrainingGraph.imagesInput) {
      let tensor = Tensor(shape: images.imageShape.prepending(indices.count), scalars: Array(current))
      let values = try directions(tensor, indices.map { images.labels[$0] })
      _ = target.update(from: values.scalars)
    }
  }

  private func fill(_ noise: TrainingGraph.Noise, in workspace: any Workspace, globalStep: Int) throws {
    guard let buffer = try workspace.inputBuffer(noise.input) else { return }
    let random = RandomStream(seed: seed, name: "training/\(noise.input)")
    let (target, batch) = (SendableBuffer(buffer), batch)
    try Workers.forEachBlock(of: batch, blockSize: 8, threads: threads) { range, _ in
      for place in range {
        let item = globalStep * batch + place
        let values =
          noise.distribution == .normal
          ? random.normals(item: item, count: noise.count) : random.uniforms(item: item, count: noise.count)
        for (offset, value) in values.enumerated() { target.buffer[place * noise.count + offset] = Float(value) }
      }
    }
  }
}

/// Each worker writes its own images' places.
private struct SendableBuffer: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Float>

  init(_ buffer: UnsafeMutableBufferPointer<Float>) { self.buffer = buffer }
}
