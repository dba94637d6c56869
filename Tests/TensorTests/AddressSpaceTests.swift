import Testing

@testable import Tensor

/// How many threads an address space gives room for.
@Suite struct AddressSpaceTests {
  @Test func threadsAreThoseWishedForWithoutALimit() {
    #expect(AddressSpace.threads(atMost: 1024, room: nil) == 1024)
    #expect(AddressSpace.threads(atMost: 1, room: nil) == 1)
  }

  @Test(arguments: [(0, 1), (-5, 1), (64 << 20, 2), (1 << 30, 17), (1 << 50, 64)])
  func halfOfTheRoomIsForThreads(_ room: Int, _ expected: Int) {
    #expect(AddressSpace.threads(atMost: 64, room: room) == expected)
    #expect(AddressSpace.threads(atMost: 1, room: room) == 1)
  }

  @Test func whatIsMappedIsCounted() {
    let before = AddressSpace.mapped
    #expect(before > 1 << 20)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 64 << 20, alignment: 64)
    defer { memory.deallocate() }
    #expect(AddressSpace.mapped > before + (32 << 20))
  }
}
