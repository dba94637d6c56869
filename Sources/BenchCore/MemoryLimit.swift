import Foundation
import Tensor

/// How much memory this process may use. Batch systems give a job less than the machine has, and end a job that takes more
/// without a word.
package enum MemoryLimit {
  /// In bytes: the machine's memory, or less where a control group or `ulimit -v` says so. Of the latter what libraries take
  /// is not counted, nor what OpenBLAS still is to map.
  package static let bytes = bytes(
    machine: Int(clamping: ProcessInfo.processInfo.physicalMemory),
    groups: (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? "",
    root: URL(fileURLWithPath: "/sys/fs/cgroup"), addressSpace: AddressSpace.room)

  /// - Parameters:
  ///   - groups: lines `hierarchy:controllers:/path`, as `man 7 cgroups` describes /proc/self/cgroup.
  ///   - root: where the control groups are mounted.
  ///   - addressSpace: what `ulimit -v` leaves to images and networks; nil for no limit.
  static func bytes(machine: Int, groups: String, root: URL, addressSpace: Int?) -> Int {
    var limits = [machine]
    for line in groups.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      if parts[1].isEmpty {
        limits += values(of: "memory.max", in: root, parts[2])
      } else if parts[1].split(separator: ",").contains("memory") {
        limits += values(of: "memory.limit_in_bytes", in: root.appendingPathComponent("memory"), parts[2])
      }
    }
    if let addressSpace { limits.append(max(1 << 20, addressSpace)) }
    return limits.filter { $0 > 0 }.min() ?? machine
  }

  /// A group's limit and those of the groups it is in. Inside a container the path may be that of the outside: what is not
  /// there says nothing. Nor does the word `max`.
  private static func values(of file: String, in root: URL, _ path: Substring) -> [Int] {
    let names = path.split(separator: "/").filter { $0 != ".." }
    return (0...names.count).compactMap { depth in
      let folder = names.prefix(depth).reduce(root) { $0.appendingPathComponent(String($1)) }
      guard let text = try? String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8) else { return nil }
      return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }
}
