import Foundation

enum ProcessorCount {
  /// Processors this process may use: the affinity mask that a batch system sets counts, not the machine's size.
  static var available: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }
}
