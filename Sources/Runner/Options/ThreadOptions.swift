import ArgumentParser
import Tensor

/// `--threads`, of every command that computes.
struct ThreadOptions: ParsableArguments {
  @Option(help: "Threads.")
  var threads: Int = min(ProcessorCount.available, OptionBounds.threads.upperBound)

  /// Lowers them to what `ulimit -v` gives room for; results do not depend on them.
  mutating func validate() throws {
    try OptionBounds.check("--threads", threads, in: OptionBounds.threads)
    threads = AddressSpace.threads(atMost: threads)
  }
}
