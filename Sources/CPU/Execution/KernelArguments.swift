import Graph
import Tensor

/// What a kernel works on; all memory is row-major float32 that the executor owns.
struct KernelArguments {
  let inputs: [UnsafePointer<Float>]
  let inputShapes: [Shape]
  let output: UnsafeMutablePointer<Float>
  let outputShape: Shape
  /// As `CPUKernel.layoutSupport` allows.
  let layouts: OperandLayouts
  /// Of `scratchCount` floats, for a kernel that does not divide its work; else `forEachBlock` hands it to a thread.
  let scratch: UnsafeMutablePointer<Float>
  /// Of `sharedScratchCount` floats: for what all blocks read, or what each writes in its own place. Not zeroed.
  let sharedScratch: UnsafeMutablePointer<Float>
  /// The weights as `CPUKernel.prepare` made them.
  let prepared: UnsafePointer<Float>
  /// How many threads `forEachBlock` spreads blocks over.
  let threads: Int
  let team: ThreadTeam?
  /// Floats from one thread's scratch to the next one's.
  let scratchStride: Int

  init(
    inputs: [UnsafePointer<Float>], inputShapes: [Shape], output: UnsafeMutablePointer<Float>, outputShape: Shape,
    layouts: OperandLayouts = OperandLayouts(), scratch: UnsafeMutablePointer<Float>,
    sharedScratch: UnsafeMutablePointer<Float>, prepared: UnsafePointer<Float>,
    team: ThreadTeam? = nil, scratchStride: Int = 0
  ) {
    self.inputs = inputs
    self.inputShapes = inputShapes
    self.output = output
    self.outputShape = outputShape
    self.layouts = layouts
    self.scratch = scratch
    self.sharedScratch = sharedScratch
    self.prepared = prepared
    self.team = team
    self.scratchStride = scratchStride
    threads = team?.threads ?? 1
  }

  /// Calls `body` with each block of at most `blockSize` indices of `0..<count`, over all threads, and with scratch memory
  /// that no other block uses at the same time.
  ///
  /// Blocks are the same for every number of threads, and run in any order. A body writes its own places only; a sum over
  /// blocks is made of one partial sum per block, added in their order afterwards. Handing out a block costs about a
  /// microsecond: `blockSize` should be worth ten, and a small operator be one block. Not to be nested.
  @inline(__always)
  func forEachBlock(
    of count: Int, blockSize: Int, _ body: (Range<Int>, _ scratch: UnsafeMutablePointer<Float>) -> Void
  ) {
    precondition(blockSize > 0)
    let blocks = (count + blockSize - 1) / blockSize
    if blocks > 1, let team {
      team.run(blocks: blocks, blockSize: blockSize, count: count) { range, thread in
        body(range, scratch + thread * scratchStride)
      }
    } else {
      for block in 0..<blocks { body(block * blockSize..<min(count, (block + 1) * blockSize), scratch) }
    }
  }

  /// Calls `body` with blocks of the output's rows along its last axis, of which there are none where it has no elements.
  /// - Parameters:
  ///   - work: elementary steps for one element.
  ///   - together: how many rows the body takes at a time.
  ///   - start: where the block's first row begins, in elements.
  ///   - count: elements of a row.
  @inline(__always)
  func forEachBlockOfRows(
    work: Int, together: Int = 1,
    _ body: (_ rows: Int, _ start: Int, _ count: Int, _ scratch: UnsafeMutablePointer<Float>) -> Void
  ) {
    guard let count = outputShape.dimensions.last, count > 0 else { return }
    let blockSize = (Self.blockSize(work: work * count) + together - 1) / together * together
    forEachBlock(of: outputShape.count / count, blockSize: blockSize) { rows, scratch in
      body(rows.count, rows.lowerBound * count, count, scratch)
    }
  }

  /// How many items of `work` elementary steps each make a block worth handing out. Never depends on the threads.
  @inline(__always)
  static func blockSize(work: Int) -> Int { max(1, worthwhile / max(1, work)) }

  /// Elements of a cheap elementwise operator: about ten microseconds.
  private static let worthwhile = 1 << 15
}
