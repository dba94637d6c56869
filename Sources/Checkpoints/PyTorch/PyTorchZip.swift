import Foundation

/// `torch.save` since PyTorch 1.6: a zip archive with one root folder of any name, holding `data.pkl`,
/// `data/KEY` for each storage, `version` and, since 2.1, `byteorder`.
struct PyTorchZip: StorageSource {
  let archive: ZipArchive
  /// The root folder with its slash.
  let root: String
  let pickle: PickleResult
  private var budget: InflationBudget
  /// Storages that were read and checked before, by key.
  private var known: [String: ByteRegion] = [:]

  init(_ file: CheckpointFile) throws(CheckpointError) {
    archive = try ZipArchive(file.data, file: file.name)
    budget = InflationBudget(archiveBytes: file.byteCount)
    let pickles = archive.entries.filter { $0.name.split(separator: "/", omittingEmptySubsequences: false).count <= 2 }
      .filter { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
    guard let entry = pickles.first else {
      if let (feature, advice) = Self.otherArchive(archive.entries.map(\.name)) {
        throw .unsupported(file: file.name, feature: feature, advice: advice)
      }
      let names = archive.entries.prefix(5).map { "`\($0.name)`" }.joined(separator: ", ")
      throw .unsupported(
        file: file.name,
        feature: "is a zip archive without data.pkl (it has \(archive.entries.count) entries: \(names))",
        advice: "expected a checkpoint written by torch.save")
    }
    guard pickles.count == 1 else {
      throw .corruptArchive(
        file: file.name, location: "archive",
        problem: "has \(pickles.count) root folders with data.pkl, expected one")
    }
    let root = String(entry.name.dropLast("data.pkl".count))
    self.root = root
    if archive.entries.contains(where: { $0.name.hasPrefix(root + "code/") || $0.name == root + "constants.pkl" }) {
      throw .unsupported(
        file: file.name, feature: "is a TorchScript archive, which holds code",
        advice: "load it in Python with torch.jit.load and save the weights with torch.save(model.state_dict(), FILE)")
    }
    try Self.checkByteOrderAndVersion(archive, root: root, budget: &budget)
    let region = try archive.contents(of: entry, budget: &budget)
    pickle = try PickleMachine.run(region, file: file.name, member: "entry `\(entry.name)`")
  }

  /// Zip archives that others write, told by their entries, and how to go on.
  private static func otherArchive(_ names: [String]) -> (feature: String, advice: String)? {
    func has(_ end: String) -> Bool { names.contains { $0 == end || $0.hasSuffix("/" + end) } }
    if !names.isEmpty, names.allSatisfy({ $0.hasSuffix(".npy") }) {
      return (
        "is NumPy's .npz with \(names.count) arrays",
        "load it with numpy.load and save its arrays by name with safetensors.numpy.save_file"
      )
    }
    if has("model.weights.h5") || (has("config.json") && has("metadata.json")) {
      return ("is a Keras archive (.keras)", "export the network to ONNX (model.export(FILE, format=\"onnx\"))")
    }
    if has("archive_format") || has("serialized_exported_program.json") || has("models/model.json") {
      return (
        "is a program of torch.export (.pt2)",
        "save the weights with torch.save(model.state_dict(), FILE), or export the network to ONNX with torch.onnx.export"
      )
    }
    return nil
  }

  private static func checkByteOrderAndVersion(
    _ archive: ZipArchive, root: String, budget: inout InflationBudget
  ) throws(CheckpointError) {
    if let order = try text(archive, root + "byteorder", budget: &budget), order != "little" {
      throw .unsupported(
        file: archive.file, feature: "was written in \(order)-endian byte order, expected little",
        advice: "save it again on a little-endian machine")
    }
    // Files of version 1 to 3 exist; PyTorch itself accepts up to 10.
    if let version = try text(archive, root + "version", budget: &budget),
      !(Int(version).map { (1...10).contains($0) } ?? false)
    {
      throw .unsupported(
        file: archive.file, feature: "has file format version `\(version.prefix(16))`, expected 1 to 10",
        advice: "save it again with a PyTorch 2 release")
    }
  }

  /// A short text entry, nil where there is none.
  private static func text(_ archive: ZipArchive, _ name: String, budget: inout InflationBudget) throws(CheckpointError)
    -> String?
  {
    guard let entry = archive.entry(named: name) else { return nil }
    guard entry.size <= 64 else {
      throw .limitExceeded(
        file: archive.file, location: "entry `\(name)`", quantity: "its size in bytes", value: "\(entry.size)",
        limit: 64)
    }
    let bytes = try archive.contents(of: entry, budget: &budget).bytes
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  mutating func bytes(
    of reference: StorageReference, elementBytes: Int, tensor: String
  ) throws(CheckpointError) -> ByteRegion {
    let name = "\(root)data/\(reference.key)"
    guard let entry = archive.entry(named: name) else {
      throw .invalidTensor(
        file: archive.file, tensor: tensor,
        problem: "has its values in entry `\(name)`, which does not exist; "
          + "the file is damaged")
    }
    let (expected, overflow) = reference.count.multipliedReportingOverflow(by: elementBytes)
    guard !overflow, entry.size == expected else {
      throw .invalidTensor(
        file: archive.file, tensor: tensor,
        problem: "has a storage of \(reference.count) elements of \(elementBytes) bytes, but entry `\(name)` has "
          + "\(entry.size) bytes; the file is damaged")
    }
    if let region = known[reference.key] { return region }
    let region = try archive.contents(of: entry, budget: &budget)
    known[reference.key] = region
    return region
  }
}
