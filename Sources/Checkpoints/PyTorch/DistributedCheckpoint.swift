import Foundation

/// What torch.distributed.checkpoint writes: a folder of `.metadata` and one `.distcp` file for each process.
enum DistributedCheckpoint {
  static let advice =
    "join its folder with torch.distributed.checkpoint.format_utils.dcp_to_torch_save(FOLDER, FILE), which is read"

  /// Whether a path is such a folder.
  static func isFolder(_ path: String) -> Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.contains(".metadata") && names.contains { $0.hasSuffix(".distcp") }
  }
}
