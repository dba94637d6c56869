import Foundation
import Testing

@testable import Checkpoints

@Suite struct TensorTests {
  /// A tensor over 16 floats, described with anything.
  private func failure(
    storage: String = "FloatStorage", count: Int = 16, offset: Int = 0, shape: [Int], strides: [Int]
  ) throws -> String? {
    let pickle = PickleAssembler.dictionary {
      $0.tensor(storage: storage, count: count, offset: offset, shape: shape, strides: strides)
    }
    return Fixtures.failure(try pickle.zip(), name: "model.pt")?.description
  }

  private func expect(_ message: String?, _ words: String, _ location: SourceLocation = #_sourceLocation) {
    #expect(
      message?.hasPrefix("model.pt: tensor `w` ") == true && message?.contains(words) == true,
      "\(message ?? "no error")", sourceLocation: location)
  }

  @Test func viewsInsideTheStorageAreRead() throws {
    #expect(try failure(shape: [4, 4], strides: [4, 1]) == nil)
    #expect(try failure(offset: 15, shape: [], strides: []) == nil)
    #expect(try failure(offset: 1, shape: [3, 5], strides: [5, 1]) == nil)
    #expect(try failure(shape: [2, 0], strides: [1, 1]) == nil)
  }

  @Test func viewsBeyondTheStorageAreRefused() throws {
    expect(try failure(shape: [17], strides: [1]), "reaches beyond its storage of 16 elements")
    expect(try failure(offset: 16, shape: [], strides: []), "reaches beyond")
    expect(try failure(offset: 1, shape: [4, 4], strides: [4, 1]), "reaches beyond")
    expect(try failure(shape: [2], strides: [16]), "reaches beyond")
    expect(try failure(offset: .max, shape: [2], strides: [1]), "reaches beyond")
    expect(try failure(shape: [3, 3], strides: [.max, .max]), "reaches beyond")
    expect(try failure(shape: [3, 2], strides: [1 << 62, 1]), "reaches beyond")
  }

  /// ImageNet's validation images at 64 x 64 are more bytes than a tensor may have numbers.
  @Test func imagesMayBeMoreThanATensorsNumbers() {
    let images = [50_000, 12_288]
    #expect(TensorLayout.elementCount(images) == nil)
    #expect(TensorLayout.elementCount(images, largest: DType.uint8.largestArray) == 614_400_000)
    #expect(TensorLayout.elementCount(images, largest: DType.float32.largestArray) == nil)
    #expect(TensorLayout.elementCount([1 << 20, 1 << 12], largest: DType.uint8.largestArray) == nil)
  }

  @Test func partsOfBytesAreReadAsTheyLie() throws {
    let region = ByteRegion(Data((0..<12).map { UInt8($0) }))
    let layout = try TensorLayout.contiguous(shape: [3, 4], storageElements: 12)
    let tensor = StoredTensor(name: "t", dtype: .uint8, layout: layout, storage: region, file: "f")
    var part = [UInt8](repeating: 0, count: 4)
    try part.withUnsafeMutableBufferPointer { buffer throws(CheckpointError) in try tensor.copyBytes(4..<8, to: buffer)
    }
    #expect(part == [4, 5, 6, 7])
    let columns = try TensorLayout(offset: 0, shape: [4, 3], strides: [1, 4], storageElements: 12)
    for (dtype, layout, range) in [
      (DType.uint8, columns, 4..<8), (.int8, layout, 4..<8), (.uint8, layout, 9..<13),
    ] {
      let other = StoredTensor(name: "t", dtype: dtype, layout: layout, storage: region, file: "f")
      #expect(throws: CheckpointError.self) {
        try part.withUnsafeMutableBufferPointer { try other.copyBytes(range, to: $0) }
      }
    }
  }

  @Test func negativeNumbersAreRefused() throws {
    expect(try failure(offset: -1, shape: [1], strides: [1]), "expected none negative")
    expect(try failure(offset: 15, shape: [2], strides: [-1]), "expected none negative")
    expect(try failure(shape: [-1], strides: [1]), "expected no negative size")
    expect(try failure(count: -1, shape: [1], strides: [1]), "refers to something that is not a storage")
  }

  @Test func strideBombsAreRefused() throws {
    expect(try failure(shape: [1 << 40], strides: [0]), "more than the 536870912 elements accepted")
    expect(try failure(shape: [.max, .max], strides: [0, 0]), "more than the 536870912 elements accepted")
    expect(try failure(shape: [.max, 0, .max], strides: [0, 0, 0]), "more than the 536870912 elements accepted")
    let message = try failure(shape: [1 << 27], strides: [0])
    #expect(message?.contains("tensors that show more than they store (stride 0) is 134217728") == true)
    expect(
      try failure(shape: Array(repeating: 1, count: 65), strides: Array(repeating: 1, count: 65)), "of the wrong kind")
  }

  @Test func contradictionsAreRefused() throws {
    expect(try failure(shape: [4, 4], strides: [4]), "has 2 sizes but 1 strides")
    expect(try failure(count: 15, shape: [4], strides: [1]), "entry `archive/data/0` has 64 bytes")
    expect(try failure(count: .max, shape: [4], strides: [1]), "entry `archive/data/0` has 64 bytes")
    expect(try failure(storage: "ComplexFloatStorage", shape: [4], strides: [1]), "has dtype ComplexFloatStorage")
    expect(try failure(storage: "QInt8Storage", shape: [4], strides: [1]), "has dtype QInt8Storage")
    let elsewhere = PickleAssembler.dictionary { $0.tensor(key: "../0", count: 16, shape: [1], strides: [1]) }
    expect(Fixtures.failure(try elsewhere.zip(), name: "model.pt")?.description, "which does not exist")
  }

  #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
    @Test func everyHalfPrecisionNumberIsExact() {
      for bits in UInt16.min...UInt16.max {
        let expected = Float(Float16(bitPattern: bits))
        let actual = HalfPrecision.binary16(bits)
        #expect(actual.bitPattern == expected.bitPattern || actual.isNaN && expected.isNaN)
      }
    }
  #endif

  @Test func bfloat16IsTheUpperHalf() {
    #expect(HalfPrecision.bfloat16(0x3fc0) == 1.5)
    #expect(HalfPrecision.bfloat16(0xff80) == -.infinity)
  }

  /// Every view of a small storage against indexing written out.
  @Test func gatheringFollowsTheDefinition() throws {
    let values = (0..<60).map { Float($0) }
    let storage = ByteRegion(values.withUnsafeBytes { Data($0) })
    let cases: [(shape: [Int], strides: [Int], offset: Int)] = [
      ([3, 4, 5], [20, 5, 1], 0), ([5, 4, 3], [1, 5, 20], 0), ([4, 1, 5, 3], [5, 7, 1, 20], 0),
      ([2, 2, 2], [30, 10, 3], 7), ([3, 1], [0, 9], 4), ([1, 1], [50, 50], 59), ([2, 3, 2], [6, 2, 1], 40),
      ([6], [10], 9),
    ]
    for (shape, strides, offset) in cases {
      let layout = try TensorLayout(offset: offset, shape: shape, strides: strides, storageElements: 60)
      let tensor = StoredTensor(name: "t", dtype: .float32, layout: layout, storage: storage, file: "f")
      var indices = [offset]
      for (size, stride) in zip(shape, strides) {
        indices = indices.flatMap { start in (0..<size).map { start + $0 * stride } }
      }
      #expect(try tensor.floats() == indices.map { values[$0] })
    }
  }

  @Test func floatsAreNotIntegers() throws {
    let state = try CheckpointReader.stateDict(of: Fixtures.open("zip-protocol2.pt"))
    #expect(try state.tensor("bn.num_batches_tracked").integers() == [7])
    #expect(throws: CheckpointError.self) { try state.tensor("conv.weight").integers() }
  }

  @Test func missingTensorsNameTheNearest() throws {
    let state = try CheckpointReader.stateDict(of: Fixtures.open("zip-protocol2.pt"))
    do {
      _ = try state.tensor("bn.running_var")
      Issue.record("expected an error")
    } catch {
      #expect(
        error.description == "zip-protocol2.pt: no tensor is named `bn.running_var`; "
          + "nearest are `bn.running_mean`, `conv.weight`, `bn.num_batches_tracked`")
    }
  }
}
