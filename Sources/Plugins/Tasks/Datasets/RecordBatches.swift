import Checkpoints
import Compression
import Foundation

/// The batches of a data set of records where they were found, in one of the forms it is published in: binary records or Python's pickles, in
/// a folder or still in the archive.
struct RecordBatches {
  private enum Form {
    case binary, pickled
  }

  /// A batch as it is stored, and the name of its file.
  private let content: @Sendable (String) throws -> (data: Data, file: String)
  private let form: Form
  private let files: RecordFiles
  /// Where other files of the data set may lie; nil for an archive.
  let folder: URL?

  /// The most bytes that an archive may expand to: several times the largest one published (CIFAR-100's, 186 MB).
  private static let archiveLimit = 1 << 30

  /// Looks in a folder, then in those that the archives unpack to, then for the archives; the binary version is taken first.
  /// - Parameter place: the folder of the data set, one that holds it, one of its files, or an archive.
  /// - Throws: `DatasetError`, `CompressionError`.
  init(of files: RecordFiles, at place: URL) throws {
    let place = DatasetFiles.folder(
      of: place,
      whereFiles: (files.trainFiles + files.testFiles).flatMap { [Self.name($0, .binary), Self.name($0, .pickled)] })
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isDirectory) else {
      throw DatasetError.notADirectory(path: place.path)
    }
    guard isDirectory.boolValue else {
      self = try Self(of: files, archive: place)
      return
    }
    for folder in [place] + files.subfolders.map(place.appendingPathComponent) {
      for form in [Form.binary, .pickled] {
        let names = (files.trainFiles + files.testFiles).map { Self.name($0, form) }
        guard names.contains(where: { DatasetFiles.exists(folder.appendingPathComponent($0)) }) else { continue }
        (self.files, self.form, self.folder) = (files, form, folder)
        content = { name in
          let name = Self.name(name, form)
          return (try DatasetFiles.read(DatasetFiles.locate([name], in: folder)), name)
        }
        return
      }
    }
    guard let archive = files.archives.lazy.map(place.appendingPathComponent).first(where: DatasetFiles.exists) else {
      throw DatasetError.missingFile(
        directory: place.path,
        expected: [files.trainFiles[0], Self.name(files.trainFiles[0], .pickled)] + files.archives,
        found: DatasetFiles.listing(of: place))
    }
    self = try Self(of: files, archive: archive)
  }

  private init(of files: RecordFiles, archive: URL) throws {
    let source = archive.lastPathComponent
    var data = try DatasetFiles.read(archive)
    guard Gzip.isGzip(data) else {
      throw DatasetError.notAnArchive(file: source)
    }
    data = try Gzip.inflate(data, source: source, maximumBytes: Self.archiveLimit)
    let entries = try TarFile.files(data, source: source)
    let form: Form = files.trainFiles.contains { entries[$0] != nil } ? .binary : .pickled
    (self.files, self.form, folder) = (files, form, nil)
    content = { name in
      let name = Self.name(name, form)
      guard let data = entries[name] else {
        throw DatasetError.missingFile(
          directory: source, expected: [name], found: Array(entries.keys.sorted().prefix(DatasetFiles.listed)))
      }
      return (data, "\(source), \(name)")
    }
  }

  /// Of a batch in one form: `data_batch_1.bin` is `data_batch_1` in Python's version.
  private static func name(_ binary: String, _ form: Form) -> String {
    form == .pickled && binary.hasSuffix(".bin") ? String(binary.dropLast(4)) : binary
  }

  /// Images and labels of a batch in file order, and its file for messages.
  /// - Parameter name: the file's name in the binary version.
  /// - Throws: `DatasetError`, `CheckpointError` for a damaged pickle.
  func read(_ name: String) throws -> (pixels: [UInt8], labels: [Int], file: String) {
    let (data, file) = try content(name)
    guard !data.isEmpty else { throw DatasetError.empty(file: file) }
    let (pixels, labels) =
      switch form {
      case .binary: try binary(data, file: file)
      case .pickled: try pickled(data, file: file)
      }
    if let index = labels.firstIndex(where: { !(0..<Int64(files.classNames.count)).contains($0) }) {
      throw DatasetError.labelOutOfRange(
        file: file, index: index, label: Int(labels[index]), classes: files.classNames.count)
    }
    guard !labels.isEmpty else { throw DatasetError.empty(file: file) }
    return (pixels, labels.map { Int($0) }, file)
  }

  /// Label bytes, one of which counts, and planes.
  private func binary(_ data: Data, file: String) throws(DatasetError) -> (pixels: [UInt8], labels: [Int64]) {
    let size = files.imageShape.count
    let record = files.labelBytes + size
    guard data.count.isMultiple(of: record) else {
      throw .notWholeRecords(file: file, recordBytes: record, actualBytes: data.count)
    }
    let count = data.count / record
    var (pixels, labels): ([UInt8], [Int64]) = ([], [])
    pixels.reserveCapacity(count * size)
    labels.reserveCapacity(count)
    for index in 0..<count {
      let start = data.startIndex + index * record
      labels.append(Int64(data[start + files.labelPlace]))
      pixels.append(contentsOf: data[start + files.labelBytes..<start + record])
    }
    return (pixels, labels)
  }

  /// `{"data": uint8 [N, C * H * W], "labels": [...]}`, planes as in the binary version.
  private func pickled(_ data: Data, file: String) throws -> (pixels: [UInt8], labels: [Int64]) {
    guard let batch = try PickledDictionary(data, file: file) else {
      throw DatasetError.notABatch(file: file, reason: "holds no dictionary")
    }
    guard let array = try batch.array("data"), let labels = try batch.integers(files.labelKey) else {
      throw DatasetError.notABatch(
        file: file,
        reason: "holds \(batch.keys.isEmpty ? "nothing" : batch.keys.prefix(10).joined(separator: ", ")), "
          + "not `data` and `\(files.labelKey)`")
    }
    guard array.shape == [labels.count, files.imageShape.count] else {
      throw DatasetError.notABatch(
        file: file, reason: "has `data` of shape \(array.shape), for \(labels.count) labels")
    }
    return (try array.bytes(), labels)
  }
}
