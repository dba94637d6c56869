import BenchCore
import Foundation
import Testing

/// `slurm` with a controller and two nodes of Slurm itself, on this machine (`Tests/Slurm/cluster`); skipped where they are not installed
/// (`scripts/install-slurm` installs them).
@Suite(.serialized) struct SlurmTests {
  private static let isThere = ["slurmctld", "slurmd", "munged"].allSatisfy { name in
    ((ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") + ["/usr/sbin"]).contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
    }
  }

  private struct Cluster {
    let binary: RealBinary
    private let folder: URL
    var configuration: String { folder.appendingPathComponent("slurm.conf").path }

    /// Nil where it could not be started, which is said.
    init?(_ binary: RealBinary) throws {
      self.binary = binary
      // Sockets have short paths.
      folder = FileManager.default.temporaryDirectory.appendingPathComponent("slurm-\(UUID().uuidString.prefix(8))")
      let outcome = try Self.script("start", folder, binary)
      guard outcome.status == 0 else {
        print("no cluster: \(outcome.errors)")
        return nil
      }
    }

    private static func script(_ action: String, _ folder: URL, _ binary: RealBinary) throws -> RealBinary.Outcome {
      try RunningProgram(
        program: RealBinary.package.appendingPathComponent("Tests/Slurm/cluster"), arguments: [action, folder.path],
        folder: binary.folder
      ).wait()
    }

    func stop() throws {
      _ = try Self.script("stop", folder, binary)
      try? FileManager.default.removeItem(at: folder)
    }

    @discardableResult func run(_ words: String...) throws -> RealBinary.Outcome {
      try RunningProgram(
        program: URL(fileURLWithPath: "/usr/bin/env"), arguments: words, folder: binary.folder,
        environment: ["SLURM_CONF": configuration]
      ).wait()
    }

    /// Whether it came to be in time.
    func wait(_ seconds: Double = 180, until condition: () throws -> Bool) throws -> Bool {
      let end = Date(timeIntervalSinceNow: seconds)
      while Date() < end {
        if try condition() { return true }
        usleep(100_000)
      }
      return false
    }

    func isOver(_ job: Int) throws -> Bool {
      try run("squeue", "--noheader", "--jobs=\(job)").output.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty
    }
  }

  private func result(_ path: String) throws -> Data {
    var result = try ResultFile.read(URL(fileURLWithPath: path))
    result.provenance.createdAt = "2000-01-01T00:00:00Z"
    result.provenance.elapsedSeconds = 0
    result.provenance.host.threads = 1
    return try ResultFile.encode(result)
  }

  /// A task is killed in the middle, a node is drained, a task is requeued: nothing is lost, and the second time the missing shard alone
  /// is submitted, which goes on from where it was.
  @Test(.enabled(if: isThere, "Slurm is not installed")) func killedDrainedAndRequeued() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    guard let cluster = try Cluster(binary) else { return }
    defer { try? cluster.stop() }
    // Two shards of some seconds each; the block comes after half of that.
    let evaluated = ["evaluate", "bayes:0.5", "--images", "512", "--robustness-draws", "100", "--no-leaderboard"]
    let command = ["--output", "out file.json"]
    func submit() throws -> String {
      let outcome = try RunningProgram(
        program: RealBinary.program,
        arguments: ["slurm", "--cpus", "1", "--array-size", "2", "--folder", "my jobs", "--"] + evaluated + command,
        folder: binary.folder,
        environment: ["SLURM_CONF": cluster.configuration]
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome.output
    }
    let parts = binary.folder.appendingPathComponent("my jobs/parts/glyphs/bayes-0.5/evaluation")
    func blocks(_ half: Range<Int>) -> [String: Int] {
      var found: [String: Int] = [:]
      for name in (try? FileManager.default.contentsOfDirectory(atPath: parts.path)) ?? [] {
        guard name.hasPrefix("block-"), let first = Int(name.dropFirst(6).prefix(7)), half.contains(first) else {
          continue
        }
        let attributes = try? FileManager.default.attributesOfItem(atPath: parts.appendingPathComponent(name).path)
        found[name] = attributes?[.systemFileNumber] as? Int
      }
      return found
    }

    let first = try submit()
    #expect(first.contains("array job 1: shards 1-2") && first.contains("merge job 2"), "\(first)")
    #expect(try cluster.wait { !blocks(0..<256).isEmpty }, "shard 1 measured nothing")
    try cluster.run("scancel", "--signal=KILL", "--full", "1_1")
    try cluster.run("scontrol", "update", "nodename=alpha", "state=drain", "reason=test")
    try cluster.run("scontrol", "requeue", "1_2")
    // Slurm lets two minutes pass before it starts such a task again.
    func state(_ task: String) throws -> String {
      try cluster.run("squeue", "--noheader", "--format=%T", "--jobs=\(task)").output.trimmingCharacters(
        in: .whitespacesAndNewlines)
    }
    #expect(try cluster.wait { try state("1_2") == "PENDING" }, "the task was not requeued")
    try cluster.run("scontrol", "update", "jobid=1_2", "starttime=now")
    #expect(try cluster.wait { try cluster.isOver(2) }, "the merge did not come")
    let kept = blocks(0..<256)
    #expect((1..<4).contains(kept.count), "killed too late: \(kept)")
    #expect(blocks(256..<512).count == 4)
    let log = try String(contentsOfFile: binary.path("my jobs/logs/merge-1-2.log"), encoding: .utf8)
    #expect(log.contains("bayes-0.5: parts are missing") && log.contains("--shard 1/2"), "\(log)")
    #expect(!binary.files.contains("out file.json"))

    let second = try submit()
    #expect(second.contains("2 shards: 1 done, 0 in the queue, 1 to submit"), "\(second)")
    // Tasks of arrays have numbers too.
    let numbers = second.matches(of: /job ([0-9]+)/).compactMap { Int($0.1) }
    let (array, merge) = (try #require(numbers.first), try #require(numbers.last))
    #expect(second.contains("array job \(array): shards 1\n"), "\(second)")
    #expect(try cluster.wait { try cluster.isOver(merge) }, "the second merge did not come")
    let shard = try String(contentsOfFile: binary.path("my jobs/logs/shard-1-\(array).log"), encoding: .utf8)
    #expect(shard.contains("\(4 - kept.count) of 4 parts measured, \(kept.count) were there"), "\(shard)")
    for (name, number) in kept { #expect(blocks(0..<256)[name] == number, "\(name) was measured again") }
    #expect(try submit().contains("all 2 shards are done and merged"))

    let whole = try binary.start(evaluated + ["--quiet", "--threads", "1", "--output", "whole.json"]).wait()
    #expect(whole.status == 0, "\(whole.errors)")
    #expect(try result(binary.path("whole.json")) == result(binary.path("out file.json")))
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: binary.path("whole.samples.safetensors")))
        == Data(contentsOf: URL(fileURLWithPath: binary.path("out file.samples.safetensors"))))
  }
}
