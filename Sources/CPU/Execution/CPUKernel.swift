import Graph

/// What computes one operator on operands of given shapes on this processor. Made once per step of a program, from
/// `CPUKernelTable`; whatever depends on nothing but shapes and attributes is worked out then.
protocol CPUKernel: Sendable {
  /// Floats of scratch memory that each thread wants.
  var scratchCount: Int { get }

  /// Floats of scratch memory that are wanted once, whatever the number of threads.
  var sharedScratchCount: Int { get }

  /// Floats of another form of input 1, the weights, that the kernel reads instead of them. Constant weights are brought
  /// into it once per program, others before every run. 0: the kernel reads the weights themselves.
  var preparedCount: Int { get }

  /// What an image costs, and what bringing the weights into that form does, in multiply-adds; 0: little, or not known.
  var work: (image: Int, preparation: Int) { get }

  /// Brings the weights into that form.
  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>)

  /// The layouts of images that the kernel reads and writes (`KernelArguments.layouts`); planar ones unless it says so.
  /// Elementwise operators take any, if it is the same for all, and are asked only where operands have another shape.
  var layoutSupport: LayoutSupport { get }

  /// Computes the whole output. Must compute each image by itself, in an order that depends neither on the batch size nor on
  /// the number of threads (`KernelArguments.forEachBlock`).
  func evaluate(_ arguments: KernelArguments)
}

extension CPUKernel {
  var scratchCount: Int { 0 }
  var sharedScratchCount: Int { 0 }
  var preparedCount: Int { 0 }
  var work: (image: Int, preparation: Int) { (0, 0) }
  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {}
  var layoutSupport: LayoutSupport { LayoutSupport() }
}
