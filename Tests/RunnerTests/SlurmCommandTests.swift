import Checkpoints
import Foundation
import JSON
import Testing

/// `slurm`: the scripts, their quoting, and what is submitted the second time. Slurm's programs are stood in for by scripts that write
/// down what they were given; `SlurmTests` has the real ones.
@Suite struct SlurmCommandTests {
  /// Stands for `sbatch` and `squeue`: jobs have the numbers 1, 2, ...; what is queued stands in `queue`.
  private struct StandIn {
    let binary: RealBinary
    private let programs: URL

    init(_ binary: RealBinary) throws {
      self.binary = binary
      programs = binary.folder.appendingPathComponent("programs")
      try FileManager.default.createDirectory(at: programs, withIntermediateDirectories: true)
      // One argument a line, an empty line between calls.
      try write(
        "sbatch",
        """
        #!/bin/sh
        [ -e "$STAND_IN/refuse" ] && { echo "sbatch: error: invalid partition specified: nowhere" >&2; exit 1; }
        for word in "$@"; do printf '%s\\n' "$word"; done >> "$STAND_IN/calls"
        echo >> "$STAND_IN/calls"
        echo x >> "$STAND_IN/count"
        echo "$(wc -l < "$STAND_IN/count");cluster"
        """)
      try write(
        "squeue",
        """
        #!/bin/sh
        job=${4#--jobs=}
        grep "^${job}_" "$STAND_IN/queue" || { echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1; }
        """)
    }

    private func write(_ name: String, _ text: String) throws {
      let url = programs.appendingPathComponent(name)
      try text.write(to: url, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: url.path)
    }

    func run(_ arguments: [String]) throws -> RealBinary.Outcome {
      let path = programs.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
      return try RunningProgram(
        program: RealBinary.program, arguments: arguments, folder: binary.folder,
        environment: ["PATH": path, "STAND_IN": programs.path]
      ).wait()
    }

    func set(_ name: String, _ text: String?) throws {
      let url = programs.appendingPathComponent(name)
      guard let text else { return try FileManager.default.removeItem(at: url) }
      try text.write(to: url, atomically: true, encoding: .utf8)
    }

    /// The words of each call since the last time.
    func calls() throws -> [[String]] {
      let url = programs.appendingPathComponent("calls")
      guard let text = try? String(contentsOf: url, encoding: .utf8) else { return [] }
      try FileManager.default.removeItem(at: url)
      return text.components(separatedBy: "\n\n").filter { !$0.isEmpty }.map {
        $0.components(separatedBy: "\n")
      }
    }
  }

  private static let command = [
    "slurm", "--array-size", "4", "--cpus", "2", "--", "evaluate", "bayes", "bayes:1",
  ]

  /// What is submitted must be there; what it holds is seen by the shards.
  private static func writeCheckpoint(_ name: String, in binary: RealBinary) throws {
    try SafetensorsWriter.write([TensorToWrite(name: "weight", shape: [1], floats: [1])], to: binary.path(name))
  }

  @Test func theScriptsAreThese() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    for name in ["a b.pt", "it's.pt"] { try Self.writeCheckpoint(name, in: binary) }
    for (name, arguments) in [
      (
        "slurm-evaluate",
        [
          "--partition", "long", "--time", "1-0:00:00", "--mem", "16G", "--gres", "gpu:1",
          "--account", "me", "--qos",
          "low", "--at-most", "3", "--sbatch=--constraint=a b", "--", "evaluate", "a b.pt",
          "it's.pt", "--task",
          "glyphs", "--output", "$HOME x",
        ]
      ),
      (
        "slurm-sweep",
        ["--", "sweep", "--output", "s", "--strengths", "0,1,2", "--figure", "f.svg"]
      ),
    ] {
      let outcome = try binary.start(["slurm", "--dry-run"] + arguments).wait()
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      let text = outcome.output.replacing(
        binary.folder.resolvingSymlinksInPath().path, with: "FOLDER"
      )
      .replacing(binary.folder.path, with: "FOLDER").replacing(
        RealBinary.program.path, with: "PROGRAM")
      Snapshot.expect(text, name)
      let shards = binary.path("\(name)/shards.sbatch")
      #expect(outcome.output.contains(try String(contentsOfFile: shards, encoding: .utf8)))
    }
  }

  /// Bash takes each word as it was given, whatever is in it, and so does the program.
  @Test func namesWithBlanksAndQuotes() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let names = [
      "plain.pt", "a b.pt", "it's", "\"q\"", "$(touch made)", "`touch made`", "$HOME", "a\\b", "*",
      "~", "-",
      "a;touch made", "ü e\u{301}'", "'\u{301}x", "a\nb", "=x", "#", "!x", "{a,b}", "<in", "a&b",
    ]
    for name in names { try Self.writeCheckpoint(name, in: binary) }
    let stand = try StandIn(binary)
    let place = "my $jobs' \"x\""
    let outcome = try stand.run(
      ["slurm", "--cpus", "1", "--array-size", "3", "--folder", place, "--", "evaluate"] + names
        + ["--task", "glyphs", "--output", "o'o"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let folder = binary.path(place)
    let calls = try stand.calls()
    #expect(
      calls == [
        [
          "--parsable", "--array=1-3", "--output=\(folder)/logs/shard-%a-%A.log",
          "\(folder)/shards.sbatch",
        ],
        [
          "--parsable", "--array=1-3", "--output=\(folder)/logs/merge-%a-%A.log",
          "--dependency=afterany:1",
          "\(folder)/merge.sbatch",
        ],
      ])
    // The scripts with a program that writes down its words.
    let echo = try binary.write(
      Data("#!/bin/sh\nfor word in \"$@\"; do printf '%s\\0' \"$word\"; done > \"$WORDS\"\n".utf8),
      "echo words")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: echo)
    for script in ["shards", "merge"] {
      let url = URL(fileURLWithPath: "\(folder)/\(script).sbatch")
      let text = try String(contentsOf: url, encoding: .utf8)
      let changed = text.replacing(RealBinary.program.path, with: "'\(echo)'")
      #expect(changed != text)
      try changed.write(to: url, atomically: true, encoding: .utf8)
      let bash = try RunningProgram(
        program: URL(fileURLWithPath: "/bin/bash"), arguments: [url.path],
        folder: URL(fileURLWithPath: "/"),
        environment: [
          "WORDS": binary.path("words"), "SLURM_ARRAY_TASK_ID": "2", "SLURM_CPUS_PER_TASK": "7",
        ]
      ).wait()
      #expect(bash.status == 0 && bash.errors.isEmpty, "\(bash.errors)")
      let words = try Data(contentsOf: URL(fileURLWithPath: binary.path("words"))).split(
        separator: 0
      ).map {
        String(decoding: $0, as: UTF8.self)
      }
      #expect(
        words == ["evaluate"] + (script == "merge" ? ["--merge"] : []) + [
          "--parts", "\(folder)/parts",
        ] + names
          + ["--task", "glyphs", "--output", "o'o", "--shard", "2/3", "--threads", "7"])
    }
    let done = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/done").sorted()
    #expect(done == ["2-of-3", "merge-2-of-3"])
    #expect(!binary.files.contains("made"))
  }

  @Test func onlyWhatIsMissingIsSubmittedAgain() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let stand = try StandIn(binary)
    try stand.set("queue", "")
    func done(_ names: String...) throws {
      for name in names { _ = try binary.write(Data(), "slurm-evaluate/done/\(name)") }
    }
    func submit() throws -> String {
      let outcome = try stand.run(Self.command)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome.output
    }
    /// Arrays and dependencies of what was submitted.
    func submitted() throws -> [[String]] {
      try stand.calls().map {
        $0.filter { $0.hasPrefix("--array") || $0.hasPrefix("--dependency") }
      }
    }

    #expect(
      try submit().contains(
        "4 shards: 0 done, 0 in the queue, 4 to submit\narray job 1: shards 1-4\nmerge job 2:"))
    #expect(try submitted() == [["--array=1-4"], ["--array=1-2", "--dependency=afterany:1"]])
    // All still there.
    try stand.set("queue", "1_1\n1_2\n1_3\n1_4\n2_1\n2_2\n")
    #expect(try submit().contains("nothing is submitted; watch it: squeue --jobs=1,2"))
    #expect(try submitted() == [])
    // One ended well, one is running, two died; a merge is over, which is no shard.
    try done("2-of-4")
    try stand.set("queue", "1_3\n2_1\n")
    #expect(try submit().contains("4 shards: 1 done, 1 in the queue, 2 to submit"))
    #expect(try submitted() == [["--array=1,4"], ["--array=1-2", "--dependency=afterany:1:3"]])
    // All ended well and one merge did not: it alone.
    try done("1-of-4", "3-of-4", "4-of-4", "merge-1-of-2")
    try stand.set("queue", "")
    #expect(try submit().contains("4 shards: 4 done, 0 in the queue, 0 to submit\nmerge job 5"))
    #expect(try submitted() == [["--array=2"]])
    // The merge misses something that is said to be done: nothing is taken for done any more.
    try done("failed-merge-2-of-2")
    #expect(try submit().contains("4 shards: 0 done, 0 in the queue, 4 to submit"))
    #expect(try submitted() == [["--array=1-4"], ["--array=1-2", "--dependency=afterany:6"]])
    try done("1-of-4", "2-of-4", "3-of-4", "4-of-4", "merge-1-of-2", "merge-2-of-2")
    #expect(try submit().contains("all 4 shards are done and merged; nothing to submit"))
    #expect(try submitted() == [])
    // The folder is that command's; resources may change.
    let other = try stand.run(Self.command + ["--clip"])
    #expect(
      other.status == 1
        && other.errors.contains("belongs to another command; choose another --folder"))
    let resources = try stand.run(
      ["slurm", "--array-size", "4", "--mem", "1G"] + Self.command.drop { $0 != "--" })
    #expect(resources.status == 0, "\(resources.errors)")
  }

  /// What the command would say at once is said at once, in its words, and no shard waits in a queue to say it.
  @Test func whatTheCommandWouldRefuseIsNotSubmitted() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let stand = try StandIn(binary)
    try Self.writeCheckpoint("there.safetensors", in: binary)
    _ = try binary.write(Data("no checkpoint".utf8), "text.pth")
    for command in [
      ["evaluate", "missing.pth"], ["evaluate", "text.pth"], ["evaluate", "missing.json"], ["attack", "missing.pth"],
      ["attack", "text.pth"],
      ["evaluate", "there.safetensors", "--model", "missing.json"],
      ["evaluate", "bayes", "--standard", "missing.pth"], ["evaluate", "bayes", "--criteria", "missing.json"],
      ["evaluate", "bayes", "--reference", "denoiser=missing"], ["evaluate", "bayes", "--score", "denoiser=missing"],
      ["evaluate", "bayes", "--metric", "lpips-alex=missing"], ["evaluate", "bayes", "--task", "cifar10"],
      ["evaluate", "bayes", "--output", "there.safetensors/result.json"],
      ["attack", "bayes", "--task", "cifar10"],
      ["attack", "there.safetensors", "--attack", "pgd-l2", "--adversarial", "there.safetensors"],
      ["sweep", "--output", "s", "--strengths", "0", "--recipe", "missing.json"],
      ["sweep", "--output", "s", "--strengths", "0", "--objective", "nothing"],
      ["sweep", "--output", "s", "--strengths", "0", "--arch", "nothing"],
      ["sweep", "--output", "s", "--strengths", "0", "--task", "cifar10"],
      ["sweep", "--output", "s", "--strengths", "0", "--criteria", "missing.json"],
      ["sweep", "--output", "s", "--strengths", "0", "--reference", "denoiser=missing"],
      ["sweep", "--output", "there.safetensors", "--strengths", "0"],
    ] {
      let alone = try binary.start(command).wait()
      let divided = try stand.run(["slurm", "--"] + command)
      #expect(alone.status != 0 && divided.status == alone.status, "\(command): \(alone.errors)\n\(divided.errors)")
      let message = alone.errors.split(separator: "\n").first { $0.contains(": ") } ?? "nothing was said"
      #expect(divided.errors.contains(message), "\(command): \(alone.errors)\n\(divided.errors)")
      #expect(try stand.calls() == [], "\(command)")
    }
    // One of several that is not there is said too: alone, the others would be measured.
    let several = try stand.run(["slurm", "--", "evaluate", "there.safetensors", "missing.pth"])
    #expect(several.status == 1 && several.errors.contains("missing.pth: cannot be read: there is no file at"))
    #expect(try stand.calls() == [])
    #expect(binary.files.allSatisfy { !$0.hasPrefix("slurm-") }, "\(binary.files)")
  }

  @Test func refusals() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let stand = try StandIn(binary)
    try stand.set("refuse", "")
    let refused = try stand.run(Self.command)
    #expect(
      refused.status == 1
        && refused.errors.contains("sbatch failed: sbatch: error: invalid partition specified"))
    let nowhere = try RunningProgram(
      program: RealBinary.program, arguments: Self.command, folder: binary.folder,
      environment: ["PATH": "/nowhere"]
    ).wait()
    #expect(
      nowhere.status == 1 && nowhere.errors.contains("sbatch is not on the PATH"),
      "\(nowhere.errors)")
    for (arguments, message) in [
      (["--", "bench", "x"], "slurm divides evaluate, attack and sweep, not `bench`"),
      ([], "name a command to divide"),
      (["--cpus", "0", "--", "evaluate", "bayes"], "--cpus must be 1 to 1024"),
      (["--array-size", "0", "--", "evaluate", "bayes"], "--array-size must be 1 to 100000"),
      (["--partition", "a b", "--", "evaluate", "bayes"], "--partition must be letters, digits"),
      (["--time", "1\n#SBATCH --x", "--", "evaluate", "bayes"], "--time must be letters, digits"),
      (
        ["--sbatch=--array=1-9", "--", "evaluate", "bayes"],
        "--sbatch --array: is set by this command itself"
      ),
      (["--sbatch=-p x", "--", "evaluate", "bayes"], "--sbatch must be one long option"),
      (["--folder", "a%j", "--", "evaluate", "bayes"], "--folder must be a path without %"),
      (["--", "evaluate", "bayes", "--imgaes", "3"], "Unknown option '--imgaes'"),
      (
        ["--", "evaluate", "bayes", "--parts", "p", "--merge"],
        "--shard and --merge are given by slurm"
      ),
      (["--", "attack", "bayes", "--verify", "x"], "--verify runs no attack"),
      (["--", "sweep", "--report", "x"], "--report draws what is there"),
    ] {
      let outcome = try binary.start(["slurm", "--dry-run"] + arguments).wait()
      #expect(
        outcome.status == 64 && outcome.errors.contains(message), "\(arguments): \(outcome.errors)")
    }
  }
}
