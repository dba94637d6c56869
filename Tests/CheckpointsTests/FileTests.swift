import Foundation
import Testing

@testable import Checkpoints

@Suite struct FileTests {
  private func failure(_ path: String) -> String? {
    do {
      _ = try CheckpointFile.open(path)
      return nil
    } catch { return error.description }
  }

  @Test func onlyRegularFilesWithContentAreOpened() throws {
    let directory = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let empty = directory.appendingPathComponent("empty.pt").path
    try Data().write(to: URL(fileURLWithPath: empty))
    let pipe = directory.appendingPathComponent("pipe.pt").path
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(failure(directory.path)?.contains("is a directory, expected a checkpoint file") == true)
    #expect(
      failure(empty) == "empty.pt: cannot be read: the file is empty (0 bytes), expected a checkpoint; fetch it again")
    #expect(failure(pipe)?.hasPrefix("pipe.pt: cannot be read: ") == true)
    #expect(failure(pipe)?.contains("is a pipe, expected a regular file") == true)
    #expect(failure("/dev/null")?.contains("is a device or socket") == true)
    #expect(failure(directory.appendingPathComponent("none.pt").path)?.contains("there is no file at") == true)
  }

  /// What torch.distributed.checkpoint writes: the folder and either kind of file in it.
  @Test func distributedCheckpointsAreNamed() throws {
    let folder = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: folder) }
    // An empty dictionary, as pickles begin: nothing in it says what it is a part of.
    for name in [".metadata", "__0_0.distcp"] {
      let path = folder.appendingPathComponent(name).path
      try Data([0x80, 2, 0x7d, 0x2e]).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: CheckpointError.self) {
        try CheckpointReader.stateDict(of: CheckpointFile.open(path))
      }
      #expect(
        error?.description
          == "\(name): is a part of a checkpoint of torch.distributed.checkpoint; join its folder with "
          + "torch.distributed.checkpoint.format_utils.dcp_to_torch_save(FOLDER, FILE), which is read")
    }
    #expect(
      failure(folder.path)?.hasSuffix(
        ": is a checkpoint folder of torch.distributed.checkpoint; join its folder with "
          + "torch.distributed.checkpoint.format_utils.dcp_to_torch_save(FOLDER, FILE), which is read") == true)
  }

  /// Digests from the FIPS 180-2 examples.
  @Test func digestsAreKnown() throws {
    #expect(
      CheckpointFile(name: "x", data: Data("abc".utf8)).sha256
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let million = Data(repeating: UInt8(ascii: "a"), count: 1_000_000)
    let directory = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.appendingPathComponent("million").path
    try AtomicFile.write(million + million, to: path)
    try AtomicFile.write(million, to: path)
    let file = try CheckpointFile.open(path)
    #expect(file.sha256 == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    #expect(file.byteCount == 1_000_000 && file.name == "million" && file.data == million)
  }

  @Test func failedWritesLeaveNothing() throws {
    let directory = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let taken = directory.appendingPathComponent("taken")
    try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: true)
    for path in [taken.path, directory.appendingPathComponent("missing/file").path] {
      #expect(throws: CheckpointError.self) { try AtomicFile.write(Data("x".utf8), to: path) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["taken"])
  }

  @Test func foldersAreMadeOrTheReasonIsNamed() throws {
    let directory = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let deep = directory.appendingPathComponent("a/b/c")
    for _ in 0..<2 { try Folder.make(deep) }
    var isFolder: ObjCBool = false
    #expect(FileManager.default.fileExists(atPath: deep.path, isDirectory: &isFolder) && isFolder.boolValue)
    let file = directory.appendingPathComponent("file")
    try Data().write(to: file)
    for place in [file, file.appendingPathComponent("below/it")] {
      #expect {
        try Folder.make(place)
      } throws: { error in
        "\(error)" == "\(place.path): cannot be written: \(file.path) is a file, not a folder"
      }
    }
  }

  @Test func formatsAreRecognisedByContent() throws {
    func format(_ bytes: [UInt8], byteCount: Int = 1000) -> CheckpointFormat? {
      FileProbe(name: "weights.txt", byteCount: byteCount, head: Data(bytes)).format
    }
    for (name, expected) in [
      ("zip-protocol2.pt", CheckpointFormat.pytorchZip), ("legacy-protocol1.pt", .pytorchLegacy),
      ("legacy-protocol2.pt", .pytorchLegacy), ("legacy-protocol5.pt", .pytorchLegacy),
      ("numpy-protocol4.pkl", .pickle), ("dtypes.safetensors", .safetensors),
    ] {
      #expect(FileProbe(try Fixtures.open(name)).format == expected, "\(name)")
    }
    #expect(format([8, 4, 0x12, 7] + Array("pytorch".utf8)) == .onnx)
    #expect(format([UInt8](repeating: 0, count: 257) + Array("ustar".utf8)) == .pytorchTar)
    #expect(format(Array("plain text, long enough".utf8)) == nil)
    #expect(format([]) == nil)
  }

  @Test func unrecognisedContentIsDescribed() {
    let cases = [
      "version https://git-lfs.github.com/spec/v1\n": "Git LFS pointer", "<!DOCTYPE html><html>": "web page",
      "\u{1f}x": "unknown content (2 bytes, the first are 1f 78)",
      "<?xml version=\"1.0\"?><Error/>": "XML document",
    ]
    for (text, words) in cases {
      #expect(Fixtures.failure(Data(text.utf8))?.description.contains(words) == true, "\(words)")
    }
    let tar = Data(count: 257) + Data("ustar".utf8)
    #expect(Fixtures.failure(tar)?.description.contains("is a tar archive, as PyTorch wrote before 0.2") == true)
  }

  @Test func theFormatsOfOthersAreNamedWithAWayOut() throws {
    for (bytes, words) in [
      ([0x93] + Array("NUMPY\u{1}".utf8), "NumPy array (.npy)"),
      ([0x89, 0x48, 0x44, 0x46, 0x0d], "HDF5, as Keras writes; export the network to ONNX"),
    ] as [([UInt8], String)] {
      #expect(Fixtures.failure(Data(bytes))?.description.contains(words) == true, "\(words)")
    }
    for (entries, words) in [
      (["a.npy", "b.npy"], "is NumPy's .npz with 2 arrays; load it with numpy.load"),
      (
        ["metadata.json", "config.json", "model.weights.h5"], "is a Keras archive (.keras); export the network to ONNX"
      ),
      (["m/archive_format", "m/models/model.json"], "is a program of torch.export (.pt2); save the weights"),
      (["a.txt"], "is a zip archive without data.pkl"),
    ] {
      var archive = ZipWriter(file: "test", capacity: 4096)
      for entry in entries { try archive.add(entry, Data("{}".utf8)) }
      let message = Fixtures.failure(archive.finished())?.description ?? "read"
      #expect(message.contains(words), "\(message)")
    }
  }

  /// What only a name says: the content is a checkpoint, or nearly.
  @Test func partsOfCheckpointsAreNamed() throws {
    let data = try SafetensorsWriter.encode([TensorToWrite(name: "w", shape: [1], floats: [1])])
    for (name, words) in [
      ("model-00001-of-00002.safetensors", "is by its name one of 2 parts of a checkpoint; load the whole model"),
      ("__0_0.distcp", "torch.distributed.checkpoint; join its folder"),
    ] {
      #expect(Fixtures.failure(data, name: name)?.description.contains(words) == true)
    }
    #expect(Fixtures.failure(data, name: "model-00001-of-00001.safetensors") == nil)
  }

  @Test func aTensorWithoutValuesIsNamed() throws {
    let meta = PickleAssembler.dictionary {
      $0.adding("ctorch._utils\n_rebuild_meta_tensor_no_storage\n(").adding(.tuple).adding(.reduce)
    }
    #expect(try Fixtures.failure(meta.zip())?.description.contains("it was on the device `meta`") == true)
  }

  /// `pickle.dump` puts each storage into the pickle as bytes; those may be anything.
  @Test(arguments: [
    ("X\u{1}\u{0}\u{0}\u{0}a", "not bytes"), ("C\u{1}a", "pickle 1 of 5"), ("N", "not bytes"),
  ]) func innerStoragesAreChecked(bytes: String, words: String) {
    let pickle = PickleAssembler.dictionary {
      $0.adding("ctorch._utils\n_rebuild_tensor_v2\n(").adding("ctorch.storage\n_load_from_bytes\n(").adding(bytes)
        .adding(.tuple).adding(.reduce).integer(0).integers([1]).integers([1]).adding(.newFalse).adding(.none)
        .adding(.tuple).adding(.reduce)
    }
    let message = Fixtures.failure(pickle.data)?.description ?? "read"
    #expect(message.contains(words), "\(message)")
  }
}
