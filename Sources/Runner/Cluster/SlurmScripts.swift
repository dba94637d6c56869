import Foundation

/// The two scripts of a command that Slurm divides: one for the shards, one for the merge.
struct SlurmScripts {
  /// `evaluate`, `attack` or `sweep`, then its arguments.
  let command: [String]
  let merge: Merge
  let shards: Int
  /// How many jobs put together what shards left, each some of the models.
  let merges: Int
  let resources: SlurmResources
  let folder: SlurmFolder
  /// Absolute: of the program, and where the command was given.
  let program: String
  let directory: String
  /// Variables that decide what the program finds; sites may not pass on the environment.
  let environment: [(name: String, value: String)]

  enum Merge: Equatable {
    /// The same command, of the parts in a folder.
    case parts(String)
    /// Another command, once all shards are done.
    case command([String])
  }

  /// Those of `environment`.
  static let variables = [
    "PAGS_BENCH_ROOT", "PAGS_BENCH_DATA", "PAGS_BENCH_CACHE", "XDG_CACHE_HOME",
    "OPENBLAS_NUM_THREADS",
  ]

  var array: String {
    """
    #!/usr/bin/env bash
    # One shard of a command: the number of the array's task says which. Written by `pags-bench slurm`; to submit it by hand:
    #   sbatch --array=1-\(shards) \(ShellWord.quoted(folder.array.path))
    # A shard that was killed is run again by giving it to Slurm again: what it measured is there.
    #SBATCH --job-name=pags-bench-\(command[0])
    \(resources.directives(ofMerge: false).joined(separator: "\n"))
    #SBATCH --requeue
    #SBATCH --open-mode=append
    set -euo pipefail
    \(surroundings)
    shard=${SLURM_ARRAY_TASK_ID:?submit this as an array job: sbatch --array=1-\(shards)}
    \(call(shardWords)) --shard "$shard/\(shards)"\(threads)
    : > \(ShellWord.quoted(folder.done.path))/"$shard-of-\(shards)"

    """
  }

  var mergeScript: String {
    let before: String
    let words: [String]
    let task = "\"${SLURM_ARRAY_TASK_ID:-1}-of-\(merges)\""
    switch merge {
    case .parts:
      before = ""
      words = [shardWords[0], "--merge"] + shardWords.dropFirst()
    case .command(let other):
      before = """
        for shard in $(seq 1 \(shards)); do
          if [ ! -e \(ShellWord.quoted(folder.done.path))/"$shard-of-\(shards)" ]; then
            echo "shard $shard of \(shards) is not done; give the command of pags-bench slurm again" >&2
            : > \(ShellWord.quoted(folder.mergeFailed.path))\(task)
            exit 1
          fi
        done

        """
      words = other
    }
    return """
      #!/usr/bin/env bash
      # Puts together what the shards left\(merges > 1 ? ", some of the models a task" : ""). Written by `pags-bench slurm`.
      #SBATCH --job-name=pags-bench-merge
      \(resources.directives(ofMerge: true).joined(separator: "\n"))
      #SBATCH --requeue
      #SBATCH --open-mode=append
      set -euo pipefail
      \(surroundings)
      \(before)if \(call(words))\(mergeShare)\(isParts ? threads : ""); then
        : > \(ShellWord.quoted(folder.merged.path))\(task)
        rm -f \(ShellWord.quoted(folder.mergeFailed.path))\(task)
      else
        status=$?
        : > \(ShellWord.quoted(folder.mergeFailed.path))\(task)
        exit "$status"
      fi

      """
  }

  private var mergeShare: String {
    merges > 1
      ? " --shard \"${SLURM_ARRAY_TASK_ID:?submit this as an array job: sbatch --array=1-\(merges)}/\(merges)\""
      : ""
  }

  /// Where parts are kept; nil where the command keeps what it makes in a folder of its own.
  var place: String? { if case .parts(let place) = merge { place } else { nil } }

  private var isParts: Bool { place != nil }

  /// Ours come first: what follows a `--` is no option.
  private var shardWords: [String] {
    let hasPlace = command.contains { $0 == "--parts" || $0.hasPrefix("--parts=") }
    guard case .parts(let parts) = merge, !hasPlace else { return command }
    return [command[0], "--parts", parts] + command.dropFirst()
  }

  /// Options that the shell fills in stand last, but before a `--`.
  private func call(_ words: [String]) -> String {
    ShellWord.joined([program] + words.prefix { $0 != "--" })
  }

  private var threads: String {
    let own = command.prefix { $0 != "--" }.contains {
      $0 == "--threads" || $0.hasPrefix("--threads=")
    }
    let rest = command.drop { $0 != "--" }
    return (own ? "" : " --threads \"${SLURM_CPUS_PER_TASK:-1}\"")
      + (rest.isEmpty ? "" : " \(ShellWord.joined(Array(rest)))")
  }

  private var surroundings: String {
    (["cd \(ShellWord.quoted(directory))"]
      + environment.map { "export \($0.name)=\(ShellWord.quoted($0.value))" }).joined(
        separator: "\n")
  }
}
