import ArgumentParser
import BenchCore

/// Of commands that set models beside results of `evaluate`: models are measured as the first result was.
///
/// `ModelOptions` stand beside them and not within: the parser's time doubles with each level of groups.
struct ComparisonOptions: ParsableArguments {
  @Option(
    help: "Task to measure models on. (default: that of the first result or model, otherwise the command's own)",
    completion: .list(PagsBench.plugins.tasks.map { $0.id }))
  var task: String?

  @OptionGroup var dataOptions: DataOptions

  @OptionGroup var cache: CacheOptions

  @Option(help: "Number of images that models are measured on. (default: that of the first result, or the task's own)")
  var images: Int?

  @Option(
    help: "Seed of drawn images, of the measurements and of the intervals. (default: that of the first result, or 0)")
  var seed: UInt64?

  @Option(help: "How the table is written: \(Table.Format.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: Table.Format = .text

  func validate() throws {
    try OptionBounds.check("--images", images, in: OptionBounds.images)
    try OptionBounds.check("--seed", seed, in: OptionBounds.seed)
    if let task { _ = try TaskLookup.plugin(task) }
  }
}
