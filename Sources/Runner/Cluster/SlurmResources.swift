import ArgumentParser
import Foundation

/// What a job asks Slurm for: options of `sbatch` under their own names.
struct SlurmResources: ParsableArguments {
  @Option(help: "Partition. (default: the cluster's own, as with all that is not given)")
  var partition: String?

  @Option(help: ArgumentHelp("Time limit of a shard, such as 2:00:00 or 1-12.", valueName: "time"))
  var time: String?

  @Option(help: ArgumentHelp("Processors of a shard, which are its threads.", valueName: "n"))
  var cpus: Int = 4

  @Option(help: ArgumentHelp("Memory of a shard, such as 8G.", valueName: "size"))
  var mem: String?

  @Option(help: ArgumentHelp("Other resources of a shard, such as gpu:1; the merge gets none.", valueName: "list"))
  var gres: String?

  @Option(help: "Account that is charged.")
  var account: String?

  @Option(help: "Quality of service.")
  var qos: String?

  @Option(
    name: .customLong("sbatch"),
    help: ArgumentHelp(
      "A further option of sbatch for all jobs, as one word, such as --sbatch=--constraint=avx512; may be repeated.",
      valueName: "option"))
  var further: [String] = []

  /// Set here, or what jobs are told apart by.
  private static let reserved = [
    "--array", "--dependency", "--output", "--error", "--open-mode", "--parsable", "--wrap", "--test-only", "--chdir",
    "--job-name", "--wait", "--requeue", "--no-requeue",
  ]

  func validate() throws {
    try OptionBounds.check("--cpus", cpus, in: OptionBounds.threads)
    for (option, value) in [
      ("--partition", partition), ("--time", time), ("--mem", mem), ("--gres", gres), ("--account", account),
      ("--qos", qos),
    ] {
      guard let value else { continue }
      // They stand in the script's head, whose quoting is Slurm's own.
      guard !value.isEmpty, value.unicodeScalars.allSatisfy({ Self.allowed.contains($0) }) else {
        throw ValidationError("\(option) must be letters, digits and any of _.,:=/@*+-, got `\(value)`")
      }
    }
    for option in further {
      let name = String(option.prefix { $0 != "=" })
      guard option.hasPrefix("--"), option.count > 2, !option.contains(where: \.isNewline) else {
        throw ValidationError(
          "--sbatch must be one long option with its value, as --constraint=avx512, got `\(option)`")
      }
      if Self.reserved.contains(name) { throw ValidationError("--sbatch \(name): is set by this command itself") }
    }
  }

  private static let allowed: Set<Unicode.Scalar> = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,:=/@*+-".unicodeScalars)

  /// Lines of a script's head.
  /// - Parameter ofMerge: of the job that only puts together.
  func directives(ofMerge: Bool) -> [String] {
    var options = ["--nodes=1", "--ntasks=1", "--cpus-per-task=\(cpus)"]
    for (name, value) in [
      ("partition", partition), ("time", time), ("mem", mem), ("gres", ofMerge ? nil : gres), ("account", account),
      ("qos", qos),
    ] {
      if let value { options.append("--\(name)=\(value)") }
    }
    return options.map { "#SBATCH \($0)" }
  }
}
