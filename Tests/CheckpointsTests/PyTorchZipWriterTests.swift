import Foundation
import Testing

@testable import Checkpoints

@Suite struct PyTorchZipWriterTests {
  private let tensors = [
    TensorToWrite(name: "conv.weight", shape: [2, 1, 2, 2], floats: (0..<8).map { Float($0) / 4 }),
    TensorToWrite(name: "bn.num_batches_tracked", shape: [], integers: [1 << 40]),
    TensorToWrite(name: "größe", shape: [300], floats: [Float](repeating: 0.1, count: 300)),
    TensorToWrite(name: "empty", shape: [0, 3], floats: []),
    TensorToWrite(name: "mask", dtype: .bool, shape: [2], data: Data([1, 0])),
  ]

  @Test func whatIsWrittenIsReadBack() throws {
    let directory = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.appendingPathComponent("model.pt").path
    try PyTorchZipWriter.write(tensors, to: path)
    let file = try CheckpointFile.open(path)
    let state = try CheckpointReader.stateDict(of: file)
    #expect(state.format == .pytorchZip && state.notes.isEmpty)
    #expect(state.names == tensors.map(\.name))
    #expect(state.tensors.map(\.shape) == tensors.map(\.shape))
    #expect(state.tensors.map(\.dtype) == tensors.map(\.dtype))
    #expect(try state.tensor("conv.weight").floats() == (0..<8).map { Float($0) / 4 })
    #expect(try state.tensor("bn.num_batches_tracked").integers() == [1 << 40])
    #expect(try state.tensor("mask").integers() == [1, 0])
  }

  @Test func bytesAreTheSameEveryTimeAndAligned() throws {
    let data = try PyTorchZipWriter.encode(tensors)
    #expect(try data == PyTorchZipWriter.encode(tensors))
    #expect(try ZipArchive(data, file: "m").entries.allSatisfy { $0.dataOffset % 64 == 0 })
  }

  /// The bytes that PyTorch 2.5.1 was seen to read with `torch.load(weights_only=True)`. Where this digest changes,
  /// `check_written.py` beside the fixtures has to be run again on the file that `PAGS_BENCH_WRITTEN` names.
  @Test func bytesAreThoseThatPyTorchWasSeenToRead() throws {
    let data = try PyTorchZipWriter.encode(tensors)
    if let path = ProcessInfo.processInfo.environment["PAGS_BENCH_WRITTEN"] { try AtomicFile.write(data, to: path) }
    #expect(CheckpointFile.sha256(of: data) == "09d92fee4dd00aea98ad7382c34f01175c8d6ac29beba64b20c6dca8a51828ab")
  }
}
