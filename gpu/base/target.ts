// The two device classes. They differ only in where an operand lives and in how a kernel is tiled.

/** `gpu` works in workgroups over storage buffers; `software` gives each invocation its own tile (llvmpipe). */
export type DeviceClass = "gpu" | "software";

/** Where operands live: a storage buffer, or an rgba32float storage texture 1024 texels wide. */
export type Memory = "buffer" | "texture";

/** Texels per row of an operand in texture memory. */
export const TEXTURE_WIDTH = 1024;
