import Synchronization

/// Values that are expensive to compute and belong to a noise level; safe to use from several threads.
final class NoiseLevelCache<Value: Sendable>: Sendable {
  private let values = Mutex<[Double: Value]>([:])
  /// Protocols use fewer than ten levels; whoever sweeps over more does not fill the memory.
  private let capacity = 32

  /// The value for the level, computed at the first request; requests that come meanwhile wait for it.
  func value(at noise: Double, _ compute: () throws -> Value) rethrows -> Value {
    try values.withLock { values in
      if let value = values[noise] { return value }
      let value = try compute()
      if values.count >= capacity { values.removeAll() }
      values[noise] = value
      return value
    }
  }
}
