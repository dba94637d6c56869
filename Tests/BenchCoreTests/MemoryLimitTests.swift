import Foundation
import Testing

@testable import BenchCore

/// What a batch system's control groups allow.
@Suite struct MemoryLimitTests {
  /// - Parameter files: contents by path below the folder where groups are mounted.
  private func limit(_ groups: String, _ files: [String: String], addressSpace: Int? = nil) throws -> Int {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("groups-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (path, text) in files {
      let file = root.appendingPathComponent(path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    return MemoryLimit.bytes(machine: 8 << 30, groups: groups, root: root, addressSpace: addressSpace)
  }

  @Test func theSmallestOfAJobsGroupsCounts() throws {
    let step = "0::/slurm/job_7/step_0\n"
    #expect(
      try limit(step, ["slurm/job_7/memory.max": "4294967296\n", "slurm/job_7/step_0/memory.max": "max\n"]) == 4 << 30)
    #expect(try limit(step, ["slurm/job_7/step_0/memory.max": "1048576\n", "memory.max": "2097152\n"]) == 1 << 20)
    // The first version of control groups has a hierarchy for each controller.
    let old = "3:cpu,cpuacct:/a\n2:cpu,memory:/slurm/job_7\n"
    #expect(try limit(old, ["memory/slurm/job_7/memory.limit_in_bytes": "3145728\n"]) == 3 << 20)
    #expect(try limit(old, ["cpu/slurm/job_7/memory.limit_in_bytes": "3145728\n"]) == 8 << 30)
  }

  @Test func whatSaysNothingLimitsNothing() throws {
    #expect(try limit("", [:]) == 8 << 30)
    #expect(try limit("0::/gone\nnonsense\n5:memory", [:]) == 8 << 30)
    #expect(try limit("0::/", ["memory.max": "max\n"]) == 8 << 30)
    #expect(try limit("0::/", ["memory.max": "9223372036854771712\n"]) == 8 << 30)
    #expect(try limit("0::/../..", ["memory.max": "0\n"]) == 8 << 30)
  }

  @Test func theAddressSpaceThatIsLeftCounts() throws {
    #expect(try limit("", [:], addressSpace: 5 << 30) == 5 << 30)
    #expect(try limit("0::/", ["memory.max": "4194304\n"], addressSpace: 3 << 20) == 3 << 20)
    #expect(try limit("0::/", ["memory.max": "4194304\n"], addressSpace: 9 << 20) == 4 << 20)
    // Nothing is left: then the first allocation says so.
    #expect(try limit("", [:], addressSpace: -5) == 1 << 20)
  }

  @Test func thisProcessHasAMachine() { #expect(MemoryLimit.bytes > 1 << 20) }
}
