import Checkpoints
import Foundation
import Networks
import Tensor

/// What training changes: weights, running statistics, and what the optimizer remembers.
struct NetworkState: Sendable, Equatable {
  let tensors: [FreshTensor]
  /// Of every tensor but the counters, by name.
  private(set) var values: [String: [Float]] = [:]
  /// PyTorch's `num_batches_tracked`.
  private(set) var counters: [String: Int64] = [:]
  /// Of every trained tensor: the optimizer's arrays one after the other.
  private(set) var memories: [String: [Float]] = [:]

  init(_ tensors: [FreshTensor], memoriesPerWeight: Int, initialisation: Initialisation, seed: UInt64) {
    self.tensors = tensors
    for tensor in tensors {
      if tensor.role == .batchCount {
        counters[tensor.name] = 0
      } else {
        values[tensor.name] = initialisation.values(of: tensor, seed: seed)
      }
      if tensor.isTrained {
        memories[tensor.name] = [Float](repeating: 0, count: memoriesPerWeight * tensor.shape.count)
      }
    }
  }

  /// The same of some of the tensors.
  func restricted(to tensors: [FreshTensor]) -> NetworkState {
    NetworkState(restricting: self, to: tensors)
  }

  private init(restricting other: NetworkState, to tensors: [FreshTensor]) {
    self.tensors = tensors
    for tensor in tensors {
      values[tensor.name] = other.values[tensor.name]
      counters[tensor.name] = other.counters[tensor.name]
      memories[tensor.name] = other.memories[tensor.name]
    }
  }

  /// Calls `body` with a trained tensor's weights and its memory.
  mutating func update(
    _ name: String, _ body: (UnsafeMutableBufferPointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    values[name]?.withUnsafeMutableBufferPointer { weights in
      memories[name]?.withUnsafeMutableBufferPointer { memory in
        if let base = memory.baseAddress { body(weights, base) }
      }
    }
  }

  mutating func replace(_ name: String, with numbers: ArraySlice<Float>) { values[name] = Array(numbers) }

  // MARK: Running statistics

  /// PyTorch's momentum of running statistics.
  static let statisticsMomentum: Float = 0.1

  static func runningMean(of layer: String) -> String { prefix(layer) + "running_mean" }

  static func runningVariance(of layer: String) -> String { prefix(layer) + "running_var" }

  private static func prefix(_ layer: String) -> String { layer.isEmpty ? "" : "\(layer)." }

  /// What a batch's variance, divided by `count`, is multiplied by.
  /// - Parameter count: numbers per channel in the batch.
  static func unbias(_ count: Int) -> Float { count > 1 ? Float(count) / Float(count - 1) : 1 }

  /// Lets the statistics of one batch enter the running ones: r <- 0.9 r + 0.1 s, the variance unbiased.
  /// - Parameter count: numbers per channel in the batch.
  mutating func track(
    _ layer: String, mean: UnsafeBufferPointer<Float>, variance: UnsafeBufferPointer<Float>, count: Int
  ) {
    func enter(_ name: String, _ batch: UnsafeBufferPointer<Float>, _ factor: Float) {
      values[name]?.withUnsafeMutableBufferPointer { running in
        for index in 0..<min(running.count, batch.count) {
          running[index] =
            (1 - Self.statisticsMomentum) * running[index] + Self.statisticsMomentum * (factor * batch[index])
        }
      }
    }
    enter(Self.runningMean(of: layer), mean, 1)
    enter(Self.runningVariance(of: layer), variance, Self.unbias(count))
    countBatch(of: layer)
  }

  mutating func countBatch(of layer: String) { counters[Self.prefix(layer) + "num_batches_tracked", default: 0] += 1 }

  /// A step with frozen statistics: PyTorch's counters tell a network that was trained with those that it begins with from one that was not.
  mutating func countFrozenBatch() {
    for name in counters.keys { counters[name, default: 0] += 1 }
  }

  /// The first tensor that holds NaN or infinity.
  var nonFinite: (name: String, value: Float)? {
    for tensor in tensors {
      if let value = values[tensor.name]?.first(where: { !$0.isFinite }) { return (tensor.name, value) }
    }
    return nil
  }

  /// The tensors' values, in the order of a PyTorch state dict.
  var checkpoint: [TensorToWrite] {
    tensors.map { tensor in
      if let counter = counters[tensor.name] {
        return TensorToWrite(name: tensor.name, shape: [], integers: [counter])
      }
      return TensorToWrite(name: tensor.name, shape: tensor.shape.dimensions, floats: values[tensor.name] ?? [])
    }
  }

  // MARK: To go on later

  var memoryTensors: [TensorToWrite] {
    tensors.filter(\.isTrained).map { tensor in
      let memory = memories[tensor.name] ?? []
      return TensorToWrite(name: "optimizer/\(tensor.name)", shape: [memory.count], floats: memory)
    }
  }

  /// Takes over what `checkpoint` and `memoryTensors` were written of.
  /// - Throws: `TrainingError.damagedState`.
  mutating func restore(_ stored: StateDict) throws {
    func floats(_ name: String, count: Int) throws -> [Float] {
      guard let tensor = stored[name], tensor.elementCount == count else {
        throw TrainingError.damagedState(
          file: stored.file, reason: "tensor `\(name)` is missing or has another size than \(count)")
      }
      return try tensor.floats()
    }
    for tensor in tensors {
      if counters[tensor.name] != nil {
        guard let counter = stored[tensor.name], counter.elementCount == 1 else {
          throw TrainingError.damagedState(file: stored.file, reason: "tensor `\(tensor.name)` is missing")
        }
        counters[tensor.name] = try counter.integers().first
      } else {
        values[tensor.name] = try floats(tensor.name, count: tensor.shape.count)
      }
      if let memory = memories[tensor.name] {
        memories[tensor.name] = try floats("optimizer/\(tensor.name)", count: memory.count)
      }
    }
  }
}
