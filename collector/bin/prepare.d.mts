/** Types of prepare.mjs, which is plain Node because it runs before anything is installed. */
export declare function nodeProblem(version?: string): string | null
export declare function installReason(root?: string): string | null
export declare function install(root?: string): Promise<number>
export declare function build(root?: string): Promise<number>
